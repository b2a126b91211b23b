import { isBlank } from './byte-classes.ts';
import { readChunks } from './chunk-reader.ts';
import { floatAt } from './element.ts';
import { RecordScanner, type ScanOrigin } from './record-scanner.ts';
import type { ScanTables } from './scan-tables.ts';

const LOOKUP_BYTES = 64 * 1024;

/** Where a record lies in its file. */
export interface RecordPosition {
  readonly byteStart: number;
  /** Line of the header, from 1. */
  readonly line: number;
}

/**
 * Finds a record by reading on from an earlier one.
 *
 * @param origin the earlier record's place
 * @param skip records between: 0 is the record at `origin` itself
 */
export async function findRecord(
  path: string,
  tables: ScanTables,
  origin: ScanOrigin,
  skip: number,
): Promise<RecordPosition> {
  const scanner = new RecordScanner(tables, () => undefined, origin);
  for await (const bytes of readChunks(path, { chunkBytes: LOOKUP_BYTES, from: origin.offset })) {
    scanner.push(bytes);
    if (scanner.batch.count > skip) break;
  }
  if (scanner.batch.count <= skip) scanner.end();
  const { start, line } = scanner.batch;
  return { byteStart: floatAt(start, skip), line: floatAt(line, skip) };
}

/** The bytes of a record's id. */
export async function readRecordId(path: string, byteStart: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const bytes of readChunks(path, { chunkBytes: LOOKUP_BYTES, from: byteStart + 1 })) {
    const begun = parts.length > 0;
    const start = begun ? 0 : bytes.findIndex((byte) => !isBlank(byte));
    if (start === -1) continue;
    const length = bytes.subarray(start).findIndex((byte) => isBlank(byte));
    const end = length === -1 ? bytes.length : start + length;
    parts.push(Buffer.from(bytes.subarray(start, end)));
    if (length !== -1) break;
  }
  return Buffer.concat(parts);
}
