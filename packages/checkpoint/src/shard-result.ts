import { CheckpointError } from '@virnucpro/protocol';

import type { DurableFileSystem } from './durable-file-system.ts';
import type { RejectionReason } from './rejection.ts';
import { parseRecordTable } from './shard-log.ts';
import { rowBytesOf, type PackEntry, type RecordEntry, type ShardLogHeader } from './shard-log-records.ts';
import { scanShardLog } from './shard-log-scan.ts';

/** A finished shard: each record is a row or a rejection. */
export interface ShardResult {
  readonly records: readonly RecordEntry[];
  /** By position in the shard. */
  readonly rejections: ReadonlyMap<number, { readonly reason: RejectionReason; readonly detail: string }>;
  /** Rows in record order, without gaps. */
  readonly rows: Uint8Array;
  readonly rowCount: number;
}

/** @throws {CheckpointError} LOG_DAMAGED naming the file and what is wrong */
export async function readShardResult(
  fileSystem: DurableFileSystem,
  path: string,
  header: ShardLogHeader,
): Promise<ShardResult> {
  const packs: PackEntry[] = [];
  const file = await fileSystem.open(path, 'r');
  try {
    const scan = await scanShardLog(file, header, (pack) => packs.push(pack));
    if (scan.unusable !== null || scan.recordTable === null)
      throw damaged(path, scan.unusable ?? 'it has no records');
    if (scan.totals === null || scan.badBytes > 0)
      throw damaged(path, 'it is unfinished, or damaged after it was finished');
    return assemble(
      path,
      parseRecordTable(scan.recordTable),
      packs,
      rowBytesOf(header.embeddingDim, header.dtype),
    );
  } finally {
    await file.close();
  }
}

function assemble(
  path: string,
  records: readonly RecordEntry[],
  packs: readonly PackEntry[],
  rowBytes: number,
): ShardResult {
  const rejections = new Map<number, { reason: RejectionReason; detail: string }>();
  records.forEach(({ rejection }, index) => {
    if (rejection !== null) rejections.set(index, rejection);
  });
  const sources = new Array<Uint8Array | undefined>(records.length);
  const claim = (index: number): void => {
    if (index >= records.length || rejections.has(index) || sources[index] !== undefined) {
      throw damaged(path, `record ${index} is accounted for twice, or is none of the shard's`);
    }
  };
  for (const { recordIndices, rows, rejections: given } of packs) {
    recordIndices.forEach((index, row) => {
      claim(index);
      sources[index] = rows.subarray(row * rowBytes, (row + 1) * rowBytes);
    });
    for (const { recordIndex, reason, detail } of given) {
      claim(recordIndex);
      rejections.set(recordIndex, { reason, detail });
    }
  }
  return { records, rejections, ...gather(path, records.length, sources, rejections, rowBytes) };
}

function gather(
  path: string,
  recordCount: number,
  sources: readonly (Uint8Array | undefined)[],
  rejections: ReadonlyMap<number, unknown>,
  rowBytes: number,
) {
  const rowCount = recordCount - rejections.size;
  const rows = new Uint8Array(rowCount * rowBytes);
  let row = 0;
  for (let index = 0; index < recordCount; index += 1) {
    if (rejections.has(index)) continue;
    const source = sources[index];
    if (source === undefined) throw damaged(path, `record ${index} has neither row nor rejection`);
    rows.set(source, row * rowBytes);
    row += 1;
  }
  return { rows, rowCount };
}

function damaged(path: string, problem: string): CheckpointError {
  return new CheckpointError(
    'LOG_DAMAGED',
    `The checkpoint log ${path} cannot be merged: ${problem}. Run the same command again: what is damaged is computed anew.`,
    { details: { path } },
  );
}
