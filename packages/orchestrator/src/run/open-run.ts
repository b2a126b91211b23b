import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';

import {
  compareSettings,
  hashSettings,
  nodeFileSystem,
  readManifest,
  writeManifest,
  type Manifest,
  type RunPaths,
} from '@virnucpro/checkpoint';
import type { PreparedModel } from '@virnucpro/model';
import { InputError } from '@virnucpro/protocol';

import type { ByteSettings } from './fingerprint.ts';
import { inputDifferences, type RunInput } from './run-inputs.ts';

export interface OpenedRun {
  readonly manifest: Manifest;
  readonly byteSettings: ByteSettings;
  /** new: nothing was there · resumed: unfinished, of the same job · finished: nothing to do */
  readonly state: 'new' | 'resumed' | 'finished';
}

export interface OpenRunOptions {
  readonly paths: RunPaths;
  /** The settings of this job, given the token budget of the run that is there, if one is. */
  readonly settingsFor: (earlierTokenBudget: number | null) => ByteSettings;
  readonly model: PreparedModel;
  readonly inputs: readonly RunInput[];
  readonly toolVersion: string;
  /** The options of the run, for a later resume. */
  readonly options: Manifest['options'];
  readonly forceRestart: boolean;
  readonly now: () => Date;
}

/**
 * Decides what a run folder is to this job. The caller holds its lock.
 *
 * @throws {InputError} RUN_DIFFERS naming each difference; nothing is touched then · RUN_DIRECTORY_FOREIGN
 */
export async function openRun(options: OpenRunOptions): Promise<OpenedRun> {
  const { paths } = options;
  if (options.forceRestart) await clearRun(paths);
  const manifest = await readManifest(nodeFileSystem, paths.manifest);
  if (manifest === null) {
    const settings = options.settingsFor(null);
    return { manifest: await createRun(options, settings), byteSettings: settings, state: 'new' };
  }
  const settings = options.settingsFor(tokenBudgetOf(manifest));
  const differences = [
    ...compareSettings(manifest.settings, { ...settings }).map(
      ({ name, old, new: current }) => `${name}: it was ${String(old)}, now ${String(current)}`,
    ),
    ...inputDifferences(manifest.inputs, options.inputs),
  ];
  if (differences.length > 0) throw runDiffers(paths.directory, differences);
  if (manifest.status === 'complete') return { manifest, byteSettings: settings, state: 'finished' };
  return { manifest: await markRunning(manifest, options), byteSettings: settings, state: 'resumed' };
}

/** So that a later look tells a run that was killed from one that was stopped. */
async function markRunning(manifest: Manifest, { paths, now }: OpenRunOptions): Promise<Manifest> {
  const running: Manifest = { ...manifest, status: 'running', updatedAt: now().toISOString() };
  await writeManifest(nodeFileSystem, paths.manifest, running);
  return running;
}

function tokenBudgetOf(manifest: Manifest): number | null {
  const tokenBudget = manifest.settings['tokenBudget'];
  return typeof tokenBudget === 'number' ? tokenBudget : null;
}

async function createRun(options: OpenRunOptions, settings: ByteSettings): Promise<Manifest> {
  const { paths, model, inputs, toolVersion, now } = options;
  await refuseForeignFolder(paths);
  const manifest: Manifest = {
    formatVersion: 1,
    runId: randomUUID(),
    toolVersion,
    createdAt: now().toISOString(),
    updatedAt: now().toISOString(),
    status: 'running',
    settings: { ...settings },
    settingsHash: hashSettings({ ...settings }),
    model: {
      name: model.name,
      fingerprint: model.fingerprint,
      isDemo: model.isDemo,
      embeddingDim: model.embeddingDim,
      layers: model.layers,
      heads: model.heads,
      parameterCount: model.parameterCount,
      graphVersion: model.graphVersion,
    },
    inputs: [...inputs],
    options: { ...options.options },
    scan: null,
    outputs: null,
    notices: model.isDemo ? ['demo model with random weights: the numbers mean nothing biologically'] : [],
  };
  await writeManifest(nodeFileSystem, paths.manifest, manifest);
  return manifest;
}

/** Results without a manifest are somebody else's: they are not written over. */
async function refuseForeignFolder(paths: RunPaths): Promise<void> {
  for (const path of [paths.embeddings, paths.sequences, paths.checkpointDirectory]) {
    if (await nodeFileSystem.exists(path)) {
      throw new InputError(
        'RUN_DIRECTORY_FOREIGN',
        `${paths.directory} holds ${path} but no manifest.json, so it is no run of this program. Choose another RUN_DIR.`,
      );
    }
  }
}

/** Removes results, checkpoints and manifest of a run; its logs stay. */
export async function clearRun(paths: RunPaths): Promise<void> {
  // The manifest goes last: until then the folder is still known as a run.
  for (const path of [
    paths.embeddings,
    paths.sequences,
    paths.failed,
    paths.reportJson,
    paths.checkpointDirectory,
    paths.spoolDirectory,
    paths.manifest,
  ]) {
    await rm(path, { recursive: true, force: true });
  }
}

function runDiffers(directory: string, differences: readonly string[]): InputError {
  return new InputError(
    'RUN_DIFFERS',
    `${directory} holds a run of another job:\n${differences.map((line) => `  ${line}`).join('\n')}\n` +
      'Nothing was touched. Use another RUN_DIR, or --force-restart to throw that run away.',
  );
}
