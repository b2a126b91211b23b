import type { EmbeddingDtype } from '@virnucpro/protocol';

const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
const ALIGNMENT = 64;
const LENGTH_BYTES = 2;

/**
 * The head of a .npy file, format 1.0: what follows it is the array, C order, little-endian.
 * Source: numpy, doc "numpy.lib.format".
 */
export function encodeNpyHeader(rows: number, width: number, dtype: EmbeddingDtype): Buffer {
  const descriptor = dtype === 'float32' ? '<f4' : '<f2';
  const dictionary = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  const unpadded = MAGIC.length + LENGTH_BYTES + dictionary.length + 1;
  const padding = (ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT;
  const text = `${dictionary}${' '.repeat(padding)}\n`;
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16LE(text.length);
  return Buffer.concat([MAGIC, length, Buffer.from(text, 'latin1')]);
}
