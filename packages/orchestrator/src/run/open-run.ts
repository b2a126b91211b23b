import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import {
  compareSettings,
  hashSettings,
  nodeDirectoryName,
  readManifest,
  writeManifest,
  type DurableFileSystem,
  type Manifest,
  type RunPaths,
} from '@virnucpro/checkpoint';
import type { PreparedModel } from '@virnucpro/model';
import { InputError } from '@virnucpro/protocol';

import { readNodes } from '../nodes/live-nodes.ts';
import { WORKER_TRACE } from './collect-trace.ts';
import type { ByteSettings } from './fingerprint.ts';
import { describeTouched, inputDifferences, touchedInputs, type RunInput } from './run-inputs.ts';

export interface OpenedRun {
  readonly manifest: Manifest;
  readonly byteSettings: ByteSettings;
  /** new: nothing was there · resumed: unfinished, of the same job · finished: nothing to do */
  readonly state: 'new' | 'resumed' | 'finished';
  /** Inputs written to since, of the same size: the scan tells whether they are still the same. */
  readonly touched: readonly RunInput[];
}

export interface OpenRunOptions {
  readonly fileSystem: DurableFileSystem;
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
  if (options.forceRestart) await clearRun(options.fileSystem, paths);
  const manifest = await readManifest(options.fileSystem, paths.manifest);
  if (manifest === null) {
    const settings = options.settingsFor(null);
    return {
      manifest: await createRun(options, settings),
      byteSettings: settings,
      touched: [],
      state: 'new',
    };
  }
  const settings = options.settingsFor(tokenBudgetOf(manifest));
  const differences = [
    ...compareSettings(manifest.settings, { ...settings }).map(
      ({ name, old, new: current }) => `${name}: it was ${String(old)}, now ${String(current)}`,
    ),
    ...inputDifferences(manifest.inputs, options.inputs),
  ];
  if (differences.length > 0) throw runDiffers(paths.directory, differences);
  const touched = touchedInputs(manifest.inputs, options.inputs);
  const opened = { byteSettings: settings, touched };
  if (manifest.status !== 'complete') {
    return { ...opened, manifest: await markRunning(manifest, options), state: 'resumed' };
  }
  if (touched.length > 0) throw runDiffers(paths.directory, touched.map(describeTouched));
  return { ...opened, manifest, state: 'finished' };
}

/** So that a later look tells a run that was killed from one that was stopped. */
async function markRunning(
  manifest: Manifest,
  { fileSystem, paths, now }: OpenRunOptions,
): Promise<Manifest> {
  const running: Manifest = { ...manifest, status: 'running', updatedAt: now().toISOString() };
  await writeManifest(fileSystem, paths.manifest, running);
  return running;
}

function tokenBudgetOf(manifest: Manifest): number | null {
  const tokenBudget = manifest.settings['tokenBudget'];
  return typeof tokenBudget === 'number' ? tokenBudget : null;
}

async function createRun(options: OpenRunOptions, settings: ByteSettings): Promise<Manifest> {
  const { paths, model, inputs, toolVersion, now } = options;
  await refuseForeignFolder(options.fileSystem, paths);
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
    records: null,
    notices: model.isDemo ? ['demo model with random weights: the numbers mean nothing biologically'] : [],
  };
  await writeManifest(options.fileSystem, paths.manifest, manifest);
  return manifest;
}

/** Results without a manifest are somebody else's: they are not written over. */
async function refuseForeignFolder(fileSystem: DurableFileSystem, paths: RunPaths): Promise<void> {
  for (const path of [paths.embeddings, paths.sequences, paths.checkpointDirectory]) {
    if (await fileSystem.exists(path)) {
      throw new InputError(
        'RUN_DIRECTORY_FOREIGN',
        `${paths.directory} holds ${path} but no manifest.json, so it is no run of this program. Choose another RUN_DIR.`,
      );
    }
  }
}

/** Removes results, traces, checkpoints, nodes' records and manifest of a run; its logs stay. */
export async function clearRun(fileSystem: DurableFileSystem, paths: RunPaths): Promise<void> {
  const results = [paths.embeddings, paths.sequences, paths.failed];
  for (const path of [...results, paths.reportJson, paths.reportHtml, paths.trace])
    await fileSystem.remove(path);
  for (const name of await fileSystem.list(paths.logDirectory))
    if (WORKER_TRACE.test(name)) await fileSystem.remove(join(paths.logDirectory, name));
  for (const { rank, lock } of await readNodes(fileSystem, paths.directory))
    if (lock?.alive !== true)
      await fileSystem.removeDirectory(join(paths.nodesDirectory, nodeDirectoryName(rank)));
  await fileSystem.removeDirectory(paths.checkpointDirectory);
  await fileSystem.removeDirectory(paths.spoolDirectory);
  await fileSystem.removeDirectory(paths.partialDirectory);
  // The manifest goes last: until then the folder is still known as a run.
  await fileSystem.remove(paths.manifest);
}

export function runDiffers(directory: string, differences: readonly string[]): InputError {
  return new InputError(
    'RUN_DIFFERS',
    `${directory} holds a run of another job:\n${differences.map((line) => `  ${line}`).join('\n')}\n` +
      'Nothing was touched. Use another RUN_DIR, or --force-restart to throw that run away.',
  );
}
