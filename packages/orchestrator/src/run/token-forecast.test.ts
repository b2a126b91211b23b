import { expect, test } from '@jest/globals';
import { toShardId } from '@virnucpro/protocol';
import fc from 'fast-check';

import { TokenForecast } from './token-forecast.ts';

const shard = (id: number, tokens: number) => ({ shardId: toShardId(id), tokens });

test('shards that hold what was scanned make the total of the scan, whatever is done', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000)), fc.nat(), (sizes, done) => {
      const forecast = new TokenForecast();
      sizes.forEach((tokens, id) => forecast.scanned(shard(id, tokens)));
      sizes.slice(0, done % (sizes.length + 1)).forEach((tokens, id) => forecast.done(id, tokens));
      expect(forecast.total).toBe(sizes.reduce((sum, tokens) => sum + tokens, 0));
    }),
  );
});

test('what is left is expected to be as what is done, and at the end the total is exact', () => {
  const forecast = new TokenForecast();
  [100, 100, 200].forEach((tokens, id) => forecast.scanned(shard(id, tokens)));
  forecast.done(0, 50);
  expect(forecast.total).toBe(50 + 150);
  forecast.done(1, 0);
  expect(forecast.total).toBe(50 + 50);
  forecast.done(2, 400);
  expect(forecast.total).toBe(450);
});
