import type { RejectionReason } from './rejection.ts';
import type { RecordEntry } from './shard-log-records.ts';

/** Header lines of sequences.tsv, and of failed.tsv. */
export const SEQUENCES_COLUMNS = 'row\tid\tresidues\ttruncated\tfile\tordinal\n';
export const TRANSLATED_COLUMNS =
  'row\tid\tresidues\ttruncated\tfile\tordinal\tsource\tchunk\tframe\tstrand\tstart\tend\n';
export const FAILED_COLUMNS = 'id\tfile\tordinal\treason\tdetail\n';

/** Where the input record of a line stands. */
export interface RecordPlace {
  readonly file: string;
  /** Position of the record in its file, from 0. */
  readonly ordinal: number;
}

/** The line of a row; of a translated one, with the columns that say where it comes from. Pure. */
export function sequencesLine(
  row: number,
  { id, residues, truncated, origin }: RecordEntry,
  { file, ordinal }: RecordPlace,
): string {
  const line = `${row}\t${oneField(id)}\t${residues}\t${truncated}\t${oneField(file)}\t${ordinal}`;
  const frame = origin?.frame ?? null;
  if (origin === undefined || frame === null) return `${line}\n`;
  const { chunk, label, start, end } = frame;
  const strand = label.startsWith('F') ? '+' : '-';
  return `${line}\t${oneField(origin.id)}\t${chunk}\t${label}\t${strand}\t${start}\t${end}\n`;
}

/** The line of a rejected record. Pure. */
export function failedLine(
  { id }: RecordEntry,
  { reason, detail }: { readonly reason: RejectionReason; readonly detail: string },
  { file, ordinal }: RecordPlace,
): string {
  return `${oneField(id)}\t${oneField(file)}\t${ordinal}\t${reason}\t${oneField(detail)}\n`;
}

/** Tabs and line ends would break the table. */
function oneField(text: string): string {
  return text.replace(/[\t\n\r]/g, ' ');
}
