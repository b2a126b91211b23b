import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { outputHashes, runProgram } from '../program/run-program.ts';
import { faultJob } from './faults.ts';

let hashes: Promise<Record<string, string>> | null = null;

/** Checksums of the results of the fault job that nobody disturbs; computed once per test file. */
export function unfaulted(): Promise<Record<string, string>> {
  return (hashes ??= computeHashes());
}

async function computeHashes(): Promise<Record<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'virnucpro-unfaulted-'));
  try {
    const { code, stderr } = await runProgram(faultJob(directory));
    if (code !== 0) throw new Error(stderr);
    return await outputHashes(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
