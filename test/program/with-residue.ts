import { readFile } from 'node:fs/promises';

/** The model sees no more than so many residues of a sequence. */
const MAX_RESIDUES = 1022;

/** For each record of a FASTA file, whether the part of it that is embedded holds a residue. */
export async function withResidue(path: string, residue: string): Promise<boolean[]> {
  const records = (await readFile(path, 'latin1')).split(/^>/m).slice(1);
  return records.map((record) =>
    record.split('\n').slice(1).join('').slice(0, MAX_RESIDUES).toUpperCase().includes(residue),
  );
}
