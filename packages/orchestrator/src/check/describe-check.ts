import { formatCount } from '../progress/format.ts';
import type { ModelCheck } from './check-model.ts';
import type { Equivalence } from './equivalence.ts';

const HEADINGS = ['residues', 'sequences', 'worst cosine', 'mean cosine', 'max abs difference'];
const COLUMN_WIDTH = 14;

/** The figures of a check for people. */
export function describeCheck({ model, precision, device, packed, narrow, isGood }: ModelCheck): string {
  return [
    `${model} on ${device}, against fp32 one sequence at a time`,
    ...describeEquivalence('packed in fp32', packed),
    ...(narrow === null ? [] : describeEquivalence(`packed in ${precision}`, narrow)),
    '',
    isGood ? 'good' : 'NOT good: see the lines marked with !',
  ]
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function describeEquivalence(title: string, equivalence: Equivalence): string[] {
  const { bins, worstId, worstCosine, limit, missing } = equivalence;
  const rows = bins.map(({ fromResidues, toResidues, ...figures }) =>
    tableRow(`${fromResidues}${toResidues === null ? ' and more' : `-${toResidues}`}`, figures, limit),
  );
  const lost = missing === 0 ? [] : [`! ${formatCount(missing)} sequences have no row: rejected`];
  const verdict = worstCosine >= limit ? 'is at least' : 'is below';
  return [
    '',
    title,
    HEADINGS.map((heading) => heading.padEnd(COLUMN_WIDTH)).join(''),
    ...rows,
    tableRow('all', equivalence, limit),
    `the worst, ${worstId ?? 'none'}, ${verdict} ${limit}`,
    ...lost,
  ];
}

function tableRow(
  name: string,
  figures: Pick<Equivalence, 'sequences' | 'worstCosine' | 'meanCosine' | 'maxAbsolute'>,
  limit: number,
): string {
  const { sequences, worstCosine, meanCosine, maxAbsolute } = figures;
  const mark = worstCosine >= limit ? '' : ' !';
  return [
    name,
    formatCount(sequences),
    worstCosine.toFixed(8),
    meanCosine.toFixed(8),
    maxAbsolute.toExponential(2),
  ]
    .map((cell) => cell.padEnd(COLUMN_WIDTH))
    .join('')
    .trimEnd()
    .concat(mark);
}
