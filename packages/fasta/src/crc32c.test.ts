import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { combineCrc32c, crc32c } from './crc32c.ts';

test('the sum of "123456789" is the check value of CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

test('the sum of two strings put together follows from the sums of both', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 3000 }), (first, second) => {
      const whole = crc32c(Buffer.concat([first, second]));
      expect(combineCrc32c(crc32c(first), crc32c(second), second.length)).toBe(whole);
      expect(crc32c(second, crc32c(first))).toBe(whole);
    }),
  );
});
