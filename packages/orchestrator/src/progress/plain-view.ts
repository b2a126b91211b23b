import { formatCount, formatEta } from './format.ts';
import type { ProgressSnapshot, ProgressView } from './progress-view.ts';

const INTERVAL_MS = 10_000;

/** A line every ten seconds: for log files, pipes and batch systems. */
export function createPlainView(stream: NodeJS.WritableStream, nowMs: () => number): ProgressView {
  let lastMs = nowMs();
  return {
    log: stream,
    update: (snapshot) => {
      if (nowMs() - lastMs < INTERVAL_MS) return;
      lastMs = nowMs();
      stream.write(`${progressLine(snapshot)}\n`);
    },
    close: () => undefined,
  };
}

/** "progress  42 % · 1,200 sequences · 8,123 tokens/s · ETA 2:10" */
export function progressLine(snapshot: ProgressSnapshot): string {
  const { tokensDone, tokensTotal, tokensPerSecond, sequencesDone } = snapshot;
  const share =
    tokensTotal === null ? `${formatCount(tokensDone)} tokens` : `${percent(tokensDone, tokensTotal)} %`;
  return `progress ${share} · ${formatCount(sequencesDone)} sequences · ${formatCount(tokensPerSecond)} tokens/s${etaText(snapshot)}`;
}

function etaText({ etaSeconds, etaBandSeconds }: ProgressSnapshot): string {
  return etaSeconds === null ? '' : ` · ETA ${formatEta(etaSeconds, etaBandSeconds)}`;
}

export function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total));
}
