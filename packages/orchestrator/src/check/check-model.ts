import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { readManifest, runPaths } from '@virnucpro/checkpoint';
import { EXIT_CODES, InputError, StoppedError, type Precision } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { resolveDevices } from '../devices/resolve-devices.ts';
import type { RunContext } from '../run/run-context.ts';
import { runJob } from '../run/run-job.ts';
import { compareRuns, NARROW_LIMIT, validatePackedEquivalence } from './compare-runs.ts';
import type { Equivalence } from './equivalence.ts';

/** What `model check` found; everything is measured against fp32, one sequence at a time. */
export interface ModelCheck {
  readonly model: string;
  readonly precision: Precision;
  readonly device: string;
  /** fp32, many sequences at once. */
  readonly packed: Equivalence;
  /** The precision, many sequences at once; null when that is fp32. */
  readonly narrow: Equivalence | null;
  readonly isGood: boolean;
}

/**
 * Embeds the sequences three times, by whole runs in a temporary folder, so that what is compared is what a run writes:
 * in fp32 one by one, in fp32 packed, and packed in the precision.
 *
 * @param settings those that the runs share; float32 rows
 * @throws {VirnucproError} as a run; {InputError} NOTHING_TO_CHECK when no record has a row
 */
export async function checkModel(
  fasta: readonly string[],
  settings: RunSettings,
  context: RunContext,
): Promise<ModelCheck> {
  // What the last run would refuse is refused before the first.
  await resolveDevices(settings, 0, context);
  const directory = await mkdtemp(join(tmpdir(), 'virnucpro-check-'));
  const embed = async (name: string, changes: Partial<RunSettings>): Promise<string> => {
    const runDirectory = join(directory, name);
    context.stderr.write(`embedding ${name.replaceAll('-', ' ')}\n`);
    await runQuietly(fasta, runDirectory, { ...settings, ...changes }, context);
    return runDirectory;
  };
  try {
    const reference = await embed('fp32-one-by-one', { precision: 'fp32', packing: false });
    const { model, device } = await factsOf(reference, context);
    const { embeddingDim } = model;
    const candidate = await embed('fp32-packed', { precision: 'fp32', packing: true });
    const packed = await validatePackedEquivalence({ reference, candidate, embeddingDim });
    if (packed.sequences + packed.missing === 0) throw nothingToCheck(fasta);
    const { precision } = settings;
    const narrow =
      precision === 'fp32'
        ? null
        : await compareRuns(
            { reference, candidate: await embed(`${precision}-packed`, { packing: true }), embeddingDim },
            NARROW_LIMIT,
          );
    const isGood = packed.isEquivalent && narrow?.isEquivalent !== false;
    return { model: model.name, precision, device, packed, narrow, isGood };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runQuietly(
  fasta: readonly string[],
  runDirectory: string,
  settings: RunSettings,
  context: RunContext,
): Promise<void> {
  const code = await runJob(fasta, { runDirectory, settings, context: { ...context, stdout: nowhere() } });
  if (code === EXIT_CODES.stopped)
    throw new StoppedError('CHECK_STOPPED', 'The check was stopped; nothing of it is kept. Run it again.');
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, written) => written() });
}

async function factsOf(runDirectory: string, { fileSystem }: RunContext) {
  const manifest = await readManifest(fileSystem, runPaths(runDirectory).manifest);
  if (manifest === null) throw new Error(`${runDirectory} has no manifest after its run`);
  return { model: manifest.model, device: String(manifest.settings['device']) };
}

function nothingToCheck(fasta: readonly string[]): InputError {
  return new InputError(
    'NOTHING_TO_CHECK',
    `Not one record of ${fasta.join(', ')} could be embedded, so there is nothing to compare. Give proteins.`,
  );
}
