import type { ProgressView } from './progress-view.ts';

/** No progress; log lines still come through. */
export function createSilentView(stream: NodeJS.WritableStream): ProgressView {
  return { log: stream, update: () => undefined, close: () => undefined };
}
