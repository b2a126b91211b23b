import type { OpenFrame } from './six-frames.ts';

/** Between a record's id and the number of a chunk. */
export const CHUNK_WORD = '_chunk_';

/** `F1` … `R3`, and with `orfs` the number of the piece: `F1_orf_2`. */
export function frameSuffix({ label, orf }: Pick<OpenFrame, 'label' | 'orf'>): string {
  return orf === null ? label : `${label}_orf_${orf}`;
}

/**
 * The id of a frame. Two frames have the same one only when their records do: it is read back from its end.
 *
 * @param chunk number of the chunk in its record, from 1
 */
export function frameId(recordId: string, chunk: number, frame: Pick<OpenFrame, 'label' | 'orf'>): string {
  return `${recordId}${CHUNK_WORD}${chunk}${frameSuffix(frame)}`;
}
