import { InputError } from '@virnucpro/protocol/errors';

/** The empty block that ends every BGZF file (SAM specification, section 4.1.2). */
const BGZF_END = Buffer.from('1f8b08040000000000ff0600424302001b0003000000000000000000', 'hex');
const BGZF_HEAD_BYTES = 16;

/** @param head first bytes of a file, two at least */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * Watches compressed bytes go by: a BGZF file that was cut between two blocks is good gzip, and only the lack
 * of its end block tells that something is missing.
 */
export class BgzfWatch {
  #head: Uint8Array = new Uint8Array(0);
  #tail: Uint8Array = new Uint8Array(0);

  push(bytes: Uint8Array): void {
    if (this.#head.length < BGZF_HEAD_BYTES) {
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, BGZF_HEAD_BYTES - this.#head.length)]);
    }
    const last = bytes.subarray(-BGZF_END.length);
    this.#tail = Buffer.concat([this.#tail, last]).subarray(-BGZF_END.length);
  }

  /** False for BGZF without its end block; true for all else. */
  get complete(): boolean {
    return !isBgzf(this.#head) || BGZF_END.equals(this.#tail);
  }
}

/** BGZF is gzip whose first extra field is "BC". */
function isBgzf(head: Uint8Array): boolean {
  return isGzip(head) && ((head[3] ?? 0) & 4) !== 0 && head[12] === 0x42 && head[13] === 0x43;
}

export function gzipTruncated(displayPath: string, cause?: unknown): InputError {
  return new InputError(
    'GZIP_TRUNCATED',
    `${displayPath} is a gzip file that breaks off before its end. Copy or download it again.`,
    { details: { path: displayPath }, cause },
  );
}

export function gzipHasTail(displayPath: string): InputError {
  return new InputError(
    'GZIP_CORRUPT',
    `${displayPath} has other data behind the end of its gzip data, and zeros between them. ` +
      'Take it apart: gzip itself would pass over that data.',
    { details: { path: displayPath } },
  );
}

/** Words zlib's errors; returns all others as they are. */
export function gzipError(displayPath: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return gzipTruncated(displayPath, error);
  if (code?.startsWith('Z_') !== true) return error;
  return new InputError(
    'GZIP_CORRUPT',
    `${displayPath} is a damaged gzip file (${message}). Copy or download it again.`,
    { details: { path: displayPath }, cause: error },
  );
}
