import { Writable } from 'node:stream';

import cliProgress from 'cli-progress';

import { formatCount, formatDuration } from './format.ts';
import type { ProgressSnapshot, ProgressView, WorkerProgress } from './progress-view.ts';

const FORMAT = '{name} {bar} {share} {rate} {note}';
const NAME_WIDTH = 10;

/** One bar per worker and one for the run. A worker's bar is full when it has done its even share. */
export function createTerminalView(stream: NodeJS.WriteStream): ProgressView {
  const bars = new cliProgress.MultiBar(
    {
      stream,
      format: FORMAT,
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      // Long log lines above the bars wrap instead of being cut at the edge.
      linewrap: true,
      clearOnComplete: false,
      gracefulExit: false,
      fps: 5,
      // The work is over when the run says so, not when a bar is full.
      stopOnComplete: false,
    },
    cliProgress.Presets.shades_grey,
  );
  let closed = false;
  const created = new Map<string, cliProgress.SingleBar>();

  function draw(name: string, done: number, total: number, rate: string, note: string): void {
    const payload = {
      name: name.padEnd(NAME_WIDTH),
      share: `${share(done, total)} %`.padStart(5),
      rate: rate.padStart(14),
      note,
    };
    const bar = created.get(name) ?? bars.create(Math.max(1, total), 0, payload);
    created.set(name, bar);
    bar.setTotal(Math.max(1, total));
    bar.update(Math.min(done, total), payload);
  }

  return {
    log: new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        const line = chunk.endsWith('\n') ? chunk : `${chunk}\n`;
        if (closed) stream.write(line);
        else bars.log(line);
        done();
      },
    }),
    update: (snapshot) => {
      if (closed) return;
      const total = snapshot.tokensTotal ?? snapshot.tokensScanned;
      for (const worker of snapshot.workers) drawWorker(draw, worker, total / snapshot.workers.length);
      draw('total', snapshot.tokensDone, total, rate(snapshot.tokensPerSecond), totalNote(snapshot));
    },
    close: () => {
      if (closed) return;
      closed = true;
      bars.update();
      bars.stop();
    },
  };
}

type Draw = (name: string, done: number, total: number, rate: string, note: string) => void;

function drawWorker(draw: Draw, worker: WorkerProgress, evenShare: number): void {
  const note = worker.state === 'ready' ? worker.label : `${worker.label} ${worker.state}`;
  draw(`worker ${worker.rank}`, worker.tokensDone, evenShare, rate(worker.tokensPerSecond), note);
}

function totalNote({ sequencesDone, etaSeconds }: ProgressSnapshot): string {
  const eta = etaSeconds === null ? '' : ` ETA ${formatDuration(etaSeconds)}`;
  return `${formatCount(sequencesDone)} seq${eta}`;
}

function rate(tokensPerSecond: number): string {
  return `${formatCount(tokensPerSecond)} tok/s`;
}

function share(done: number, total: number): number {
  return total === 0 ? 0 : Math.min(100, Math.floor((100 * done) / total));
}
