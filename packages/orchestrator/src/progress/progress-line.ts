import { formatCount, formatEta } from './format.ts';
import type { ProgressSnapshot, WorkerProgress } from './progress-view.ts';

/** A part of a line; where the terminal is too narrow, the parts of the least weight go first. */
interface Part {
  readonly text: string;
  readonly weight: number;
}

const NAME_WIDTH = 8;
const BAR_SHARE = 0.2;
const LEAST_BAR = 8;
const MOST_BAR = 32;
const MIB_PER_GIB = 1024;

/** One device: bar of its even share, rates, fill, queue and what the driver says. Never wider than `columns` - 1. */
export function workerLine(worker: WorkerProgress, evenShareTokens: number, columns: number): string {
  const { rank, tokensDone, tokensPerSecond, sequencesPerSecond, queueDepth, restarts, gpu } = worker;
  const parts: Part[] = [
    { text: `${formatCount(tokensPerSecond)} tok/s`.padStart(13), weight: 9 },
    { text: worker.state, weight: worker.state === 'ready' ? 0 : 10 },
    { text: percentPart('busy', worker.deviceBusyShare), weight: 8 },
    { text: percentPart('fill', worker.tokenUtilization), weight: 6 },
    { text: `queue ${queueDepth}`, weight: 3 },
    { text: `${formatCount(sequencesPerSecond)} seq/s`, weight: 2 },
    { text: restarts === 0 ? '' : `restarts ${restarts}`, weight: 9 },
    { text: unitPart('gpu', gpu?.utilizationPercent, '%'), weight: 7 },
    { text: gpu?.memoryUsedMiB == null ? '' : `${(gpu.memoryUsedMiB / MIB_PER_GIB).toFixed(1)}G`, weight: 5 },
    { text: unitPart('', gpu?.temperatureC, '°C'), weight: 4 },
    { text: unitPart('', gpu?.powerW, 'W'), weight: 4 },
    { text: worker.label, weight: 1 },
  ];
  return fitted(head(`worker ${rank}`, tokensDone, evenShareTokens, columns), parts, columns);
}

/** The whole run. Never wider than `columns` - 1. */
export function totalLine(snapshot: ProgressSnapshot, columns: number): string {
  const { tokensDone, tokensTotal, tokensScanned, tokensPerSecond, sequencesDone } = snapshot;
  const { etaSeconds, etaBandSeconds } = snapshot;
  const parts: Part[] = [
    { text: `${formatCount(tokensPerSecond)} tok/s`.padStart(13), weight: 9 },
    { text: `${formatCount(sequencesDone)} seq`, weight: 7 },
    { text: etaSeconds === null ? '' : `ETA ${formatEta(etaSeconds, etaBandSeconds)}`, weight: 8 },
  ];
  return fitted(head('total', tokensDone, tokensTotal ?? tokensScanned, columns), parts, columns);
}

function head(name: string, done: number, total: number, columns: number): string {
  const width = Math.max(LEAST_BAR, Math.min(MOST_BAR, Math.floor(columns * BAR_SHARE)));
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const full = Math.floor(share * width);
  const bar = '█'.repeat(full) + '░'.repeat(width - full);
  return `${name.padEnd(NAME_WIDTH)} ${bar} ${String(Math.floor(100 * share)).padStart(3)} %`;
}

function fitted(start: string, parts: readonly Part[], columns: number): string {
  let kept = parts.filter(({ text, weight }) => text !== '' && weight > 0);
  const line = () => [start, ...kept.map(({ text }) => text)].join(' ');
  while (kept.length > 0 && line().length >= columns) {
    const least = Math.min(...kept.map(({ weight }) => weight));
    const last = kept.findLastIndex(({ weight }) => weight === least);
    kept = kept.filter((_, index) => index !== last);
  }
  return line().slice(0, Math.max(0, columns - 1));
}

function percentPart(name: string, share: number | null): string {
  return share === null ? '' : `${name} ${Math.round(100 * share)} %`;
}

function unitPart(name: string, value: number | null | undefined, unit: string): string {
  return value == null ? '' : `${name === '' ? '' : `${name} `}${Math.round(value)}${unit}`;
}
