import type { RunSettings } from '../config/run-options.ts';
import type { RunContext } from '../run/run-context.ts';
import { createPlainView } from './plain-view.ts';
import type { ProgressView } from './progress-view.ts';
import { createSilentView } from './silent-view.ts';
import { createTerminalView } from './terminal-view.ts';

/**
 * Bars where a person watches a terminal; lines where the output is a file, a pipe or a batch job's log; neither
 * where a program follows the events.
 */
export function createProgressView(
  { progress, json }: Pick<RunSettings, 'progress' | 'json'>,
  { stderr }: Pick<RunContext, 'stderr'>,
): ProgressView {
  if (!progress || json) return createSilentView(stderr);
  if (stderr.isTTY === true) return createTerminalView(stderr as NodeJS.WriteStream);
  return createPlainView(stderr, () => performance.now());
}
