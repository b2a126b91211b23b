import type { TranslationSettings } from '@virnucpro/protocol';

/** A frame, or a piece of one, as the rules in docs/virnucpro-compatibility.md have it. */
export interface PlainFrame {
  readonly label: string;
  readonly orf: number | null;
  readonly bases: string;
  readonly protein: string;
  /** Of its codons, on the chunk. */
  readonly start: number;
  readonly end: number;
}

type FrameRules = Pick<TranslationSettings, 'minResidues' | 'orfs'> & {
  /** In NCBI's order. */
  readonly aminoAcids: string;
};

const COMPLEMENT: Readonly<Record<string, string>> = { A: 'T', C: 'G', G: 'C', T: 'A' };

export function plainReverseComplement(strand: string): string {
  return Array.from(strand)
    .reverse()
    .map((base) => COMPLEMENT[base] ?? base)
    .join('');
}

/** The open frames of a chunk: in strings, one codon after the other, slowly. */
export function plainFrames(chunk: string, rules: FrameRules): PlainFrame[] {
  const forward = chunk.toUpperCase();
  return [forward, plainReverseComplement(forward)].flatMap((strand, strandIndex) =>
    [0, 1, 2].flatMap((offset) =>
      plainPieces(strand, offset, rules).map(({ orf, bases, protein, start, end }) => ({
        label: `${strandIndex === 0 ? 'F' : 'R'}${offset + 1}`,
        orf,
        bases,
        protein,
        start: strandIndex === 0 ? start : chunk.length - end,
        end: strandIndex === 0 ? end : chunk.length - start,
      })),
    ),
  );
}

function plainPieces(
  strand: string,
  offset: number,
  { aminoAcids, minResidues, orfs }: FrameRules,
): Omit<PlainFrame, 'label'>[] {
  const residueOf = (codon: string): string => {
    const [a, b, c] = Array.from(codon, (base) => 'TCAG'.indexOf(base)) as [number, number, number];
    return Math.min(a, b, c) < 0 ? '' : aminoAcids.charAt(16 * a + 4 * b + c);
  };
  const pieces = [{ start: offset, codons: 0, protein: '' }];
  for (let at = offset; at + 3 <= strand.length; at += 3) {
    const residue = residueOf(strand.slice(at, at + 3));
    const piece = pieces.at(-1)!;
    if (residue === '*') pieces.push({ start: at + 3, codons: 0, protein: '' });
    else {
      piece.codons += 1;
      piece.protein += residue;
    }
  }
  if (!orfs && pieces.length > 1) return [];
  return pieces.flatMap(({ start, codons, protein }, index) => {
    if (protein.length < minResidues) return [];
    const end = start + 3 * codons;
    const bases = strand.slice(start, orfs ? end : start + 1 + 3 * protein.length);
    return [{ orf: orfs ? index + 1 : null, bases, protein, start, end }];
  });
}

/** The chunks of a sequence: units.py, lines 9 to 36. */
export function plainChunks(sequence: string, chunkLength: number): string[] {
  const count = Math.ceil(sequence.length / chunkLength);
  const surplus = count * chunkLength - sequence.length;
  const overlap = Math.floor(surplus / Math.max(1, count));
  let longer = surplus - overlap * (count - 1);
  let start = 0;
  return Array.from({ length: count }, () => {
    const chunk = sequence.slice(start, start + chunkLength);
    start += chunkLength - overlap - (longer > 0 ? 1 : 0);
    longer -= 1;
    return chunk;
  });
}

/** The three files of one record. */
export function plainTranslation(
  id: string,
  sequence: string,
  rules: FrameRules & Pick<TranslationSettings, 'chunkLength'>,
) {
  const files = { chunks: '', nucleotides: '', proteins: '' };
  for (const [index, chunk] of plainChunks(sequence, rules.chunkLength).entries()) {
    const name = `>${id}_chunk_${index + 1}`;
    files.chunks += `${name}\n${chunk.replace(/.{1,60}/g, '$&\n')}`;
    for (const { label, orf, bases, protein } of plainFrames(chunk, rules)) {
      const suffix = orf === null ? label : `${label}_orf_${orf}`;
      files.nucleotides += `${name}${suffix}\n${bases}\n`;
      files.proteins += `${name}${suffix}\n${protein}\n`;
    }
  }
  return files;
}
