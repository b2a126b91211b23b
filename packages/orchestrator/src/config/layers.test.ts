import { describe, expect, test } from '@jest/globals';

import { environmentLayer, flagLayer, resolveSettings } from './layers.ts';

const fileLayer = (values: object) => ({ values, nameOf: (option: string) => `"${option}" in c.yaml` });

describe('resolveSettings', () => {
  test('a flag beats a variable, a variable beats the file, the file beats the default', () => {
    const settings = resolveSettings([
      flagLayer({ workers: '1' }),
      environmentLayer({ VIRNUCPRO_WORKERS: '2', VIRNUCPRO_LOADER_THREADS: '3', HOME: '/root' }),
      fileLayer({ workers: 4, 'loader-threads': 5, 'max-residues': 600 }),
    ]);
    expect(settings).toMatchObject({ workers: 1, 'loader-threads': 3, 'max-residues': 600, pooling: 'mean' });
  });

  test('reads numbers and truth values from text', () => {
    const environment = environmentLayer({ VIRNUCPRO_PACKING: 'false', VIRNUCPRO_TOKEN_BUDGET: '4096' });
    expect(resolveSettings([environment])).toMatchObject({ packing: false, 'token-budget': 4096 });
  });

  test.each([
    [flagLayer({ workers: 'many' }), '--workers is "many"'],
    [flagLayer({ workers: '0' }), '--workers is "0"'],
    [flagLayer({ workers: ['1', '2'] }), '--workers is ["1","2"]'],
    [environmentLayer({ VIRNUCPRO_LONG: 'cut' }), 'VIRNUCPRO_LONG is "cut"'],
    [fileLayer({ packing: 'perhaps' }), '"packing" in c.yaml is "perhaps"'],
  ])('names the source and the value of what does not fit', (layer, says) => {
    expect(() => resolveSettings([layer])).toThrow(says);
  });

  test('takes an unknown variable of its own for a typo', () => {
    expect(() => environmentLayer({ VIRNUCPRO_WROKERS: '2' })).toThrow(
      /VIRNUCPRO_WROKERS sets no option.*VIRNUCPRO_WORKERS/,
    );
  });

  test('cannot be changed afterwards', () => {
    expect(Object.isFrozen(resolveSettings([]))).toBe(true);
  });
});
