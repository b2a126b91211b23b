import { join } from 'node:path';

const fixtures = join(process.cwd(), 'test/fixtures');

/** A real ESM-2 graph with seeded random weights: 3 layers, 64 wide. */
export const TINY_MODEL = join(fixtures, 'esm/tiny');

/** The proteins of a real phage. */
export const PHAGE_PROTEINS = join(process.cwd(), 'examples/phage_SAOMS1.faa');
