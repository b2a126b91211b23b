import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { combineCrc32, crc32 } from './crc32.ts';

test('the sum of "123456789" is the check value of CRC-32', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
});

test('the sum of two strings put together follows from the sums of both', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 3000 }), (first, second) => {
      const whole = crc32(Buffer.concat([first, second]));
      expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(whole);
      expect(crc32(second, crc32(first))).toBe(whole);
    }),
  );
});
