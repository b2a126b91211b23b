import { statSync } from 'node:fs';

import type { Manifest, MergeResult, RunPaths } from '@virnucpro/checkpoint';
import type { Report } from '@virnucpro/monitor';
import { EXIT_CODES, InputError, type ExitCode } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { formatBytes, formatCount, formatDuration } from '../progress/format.ts';
import type { RunContext } from './run-context.ts';

export interface SummaryInput {
  readonly manifest: Manifest;
  readonly merged: MergeResult;
  readonly paths: RunPaths;
  readonly mergeMs: number;
  /** Over all nodes, where several computed. */
  readonly report: Pick<Report, 'verdict' | 'throughput' | 'packing' | 'elapsedMs' | 'totals' | 'computed'>;
}

/** What a person wants to know at the end: how much, how fast, where it is, how to read it. */
export function summaryText({ manifest, merged, paths, mergeMs, report }: SummaryInput): string {
  const { rows, rejected } = merged;
  const { verdict, throughput, packing, computed } = report;
  const { packsReused } = report.totals;
  const seconds = report.elapsedMs / 1000;
  const reused = packsReused > 0 ? ` · ${formatCount(packsReused)} packs from before` : '';
  const { copiedSequences, copiedTokens } = computed;
  const repeats =
    copiedSequences > 0
      ? ` · ${formatCount(copiedSequences)} repeated sequences (${percentText(copiedTokens, computed.tokens + copiedTokens)} of the tokens) computed once`
      : '';
  return [
    `complete: ${formatCount(rows)} sequences${rejected > 0 ? `, ${formatCount(rejected)} rejected` : ''} in ${formatDuration(seconds)}` +
      ` · ${formatCount(throughput.tokensPerSecond)} tokens/s · ${formatCount(throughput.sequencesPerSecond)} sequences/s` +
      ` · packs ${shareText(packing.tokenUtilization)} full${repeats}${reused}`,
    ...(verdict.cause === 'unknown' ? [] : [`${verdictMark(verdict)}${verdict.sentence}`]),
    '',
    `  ${paths.embeddings}  [${rows}, ${manifest.model.embeddingDim}] ${String(manifest.settings['dtype'])}, ${formatBytes(sizeOf(merged))}`,
    `  ${paths.sequences}  id, length and origin of each row`,
    ...withoutFrames(merged),
    ...(rejected > 0 ? [`  ${paths.failed}  ${formatCount(rejected)} rejected and why`] : []),
    `  ${paths.manifest}  settings, checksums (merged in ${formatDuration(mergeMs / 1000)})`,
    `  ${paths.reportHtml}  how it went, to look at in a browser`,
    '',
    'In Python:',
    '  import numpy as np',
    `  embeddings = np.load("${paths.embeddings}", mmap_mode="r")`,
    ...manifest.notices.map((notice) => `\nNote: ${notice}.`),
    '',
  ].join('\n');
}

function withoutFrames({ recordsWithoutFrames: count }: MergeResult): string[] {
  if (count === 0) return [];
  return [
    `  ${formatCount(count)} nucleotide record${count === 1 ? ' has' : 's have'} no open frame, and so no row`,
  ];
}

function verdictMark({ severity }: Report['verdict']): string {
  return severity === 'none' ? '' : `${severity} bottleneck: `;
}

function shareText(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)} %`;
}

function percentText(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}

function sizeOf(merged: MergeResult): number {
  return merged.files.find(({ name }) => name === 'embeddings.npy')?.bytes ?? 0;
}

/**
 * A run that was complete before: says so, touches nothing.
 *
 * @throws {InputError} OUTPUT_DAMAGED when a result is missing or has another size than was written
 */
export function reportFinished(
  manifest: Manifest,
  settings: Pick<RunSettings, 'json'>,
  paths: RunPaths,
  context: RunContext,
): ExitCode {
  for (const { name, bytes } of manifest.outputs ?? []) {
    const found = statSync(`${paths.directory}/${name}`, { throwIfNoEntry: false })?.size;
    if (found === bytes) continue;
    throw new InputError(
      'OUTPUT_DAMAGED',
      `${paths.directory} is a complete run, but ${name} ${found === undefined ? 'is missing' : `has ${found} bytes, not ${bytes}`}. ` +
        'Look with: virnucpro-orchestrate verify; start over with --force-restart.',
    );
  }
  const rows = manifest.outputs?.find(({ name }) => name === 'embeddings.npy')?.rows ?? 0;
  context.stdout.write(
    settings.json
      ? `${JSON.stringify({ event: 'run-ended', status: 'complete', rows, alreadyComplete: true })}\n`
      : `${paths.directory} is complete already: ${formatCount(rows)} rows in ${paths.embeddings}. Nothing to do.\n`,
  );
  return EXIT_CODES.complete;
}
