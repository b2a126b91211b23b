export const NUL = 0;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const STAR = 0x2a;
export const RECORD_START = 0x3e;

/** What a byte of a sequence means; `residue` is 0 so that runs of residues can be tested with `|`. */
export const BYTE_CLASS = { residue: 0, lineFeed: 1, blank: 2, star: 3, nul: 4, invalid: 5 } as const;

/** The token of bytes that are no residue letter, in the `tokenOf` tables that this package is given. */
export const NOT_A_TOKEN = 255;

/** Space, tab, line feed, vertical tab, form feed, carriage return: ignored in sequences, end of an id. */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/**
 * The class of each byte value. Blanks, `*` and `>` keep their meaning in FASTA whatever `tokenOf` says of them.
 *
 * @param tokenOf 256 entries, 255 = not a residue letter
 * @returns 256 values of BYTE_CLASS
 */
export function byteClasses(tokenOf: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    if (byte === NUL) return BYTE_CLASS.nul;
    if (byte === LINE_FEED) return BYTE_CLASS.lineFeed;
    if (isBlank(byte)) return BYTE_CLASS.blank;
    if (byte === STAR) return BYTE_CLASS.star;
    if (byte === RECORD_START || tokenOf[byte] === NOT_A_TOKEN) return BYTE_CLASS.invalid;
    return BYTE_CLASS.residue;
  });
}
