import { crc32c } from '@node-rs/crc32';

import type { DurableFile } from './durable-file-system.ts';

/** Every log begins with it. */
export const LOG_MAGIC = Buffer.from('VNPLOG1\n', 'latin1');

const FRAME_HEAD_BYTES = 5;
const CRC_BYTES = 4;
/** Larger than any record can be: a length over it is damage, whatever the file's size. */
const MAX_PAYLOAD_BYTES = 2 ** 31;

/** One record of a log, checked. */
export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
  /** Where it begins, and where the next one does. */
  readonly start: number;
  readonly end: number;
}

/** u32 payload length, u8 type, payload, u32 CRC-32C over all before it. Little-endian. Payload parts are not copied. */
export function encodeFrame(type: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32LE(
    parts.reduce((sum, { length }) => sum + length, 0),
    0,
  );
  head.writeUInt8(type, 4);
  const tail = Buffer.alloc(CRC_BYTES);
  tail.writeUInt32LE(
    [head, ...parts].reduce<number | undefined>((crc, part) => crc32c(part, crc), undefined) ?? 0,
    0,
  );
  return [head, ...parts, tail];
}

export function frameLength(frame: readonly Uint8Array[]): number {
  return frame.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Reads frames from `position` on, as long as they are whole and their checksum fits. What follows the last good one
 * is a torn tail, or damage: it is not yielded.
 */
export async function* readFrames(file: DurableFile, position: number): AsyncGenerator<Frame> {
  const size = await file.size();
  for (let start = position; ;) {
    const frame = await readFrame(file, start, size);
    if (frame === null) return;
    yield frame;
    start = frame.end;
  }
}

async function readFrame(file: DurableFile, start: number, size: number): Promise<Frame | null> {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  if ((await file.read(head, start)) < FRAME_HEAD_BYTES) return null;
  const length = head.readUInt32LE(0);
  const end = start + FRAME_HEAD_BYTES + length + CRC_BYTES;
  if (length > MAX_PAYLOAD_BYTES || end > size) return null;
  const body = Buffer.alloc(length + CRC_BYTES);
  if ((await file.read(body, start + FRAME_HEAD_BYTES)) < body.length) return null;
  const payload = body.subarray(0, length);
  if (crc32c(payload, crc32c(head)) !== body.readUInt32LE(length)) return null;
  return { type: head.readUInt8(4), payload, start, end };
}

/** @returns true when the file begins with the magic */
export async function hasLogMagic(file: DurableFile): Promise<boolean> {
  const found = Buffer.alloc(LOG_MAGIC.length);
  await file.read(found, 0);
  return found.equals(LOG_MAGIC);
}
