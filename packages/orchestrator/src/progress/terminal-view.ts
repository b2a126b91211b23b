import { clearScreenDown, moveCursor } from 'node:readline';
import { Writable } from 'node:stream';

import cliProgress from 'cli-progress';

import { totalLine, workerLine } from './progress-line.ts';
import type { ProgressSnapshot, ProgressView } from './progress-view.ts';

const DEFAULT_COLUMNS = 80;
const TOTAL = 'total';

/** One line per worker and one for the run. A worker's bar is full when it has done its even share. */
export function createTerminalView(stream: NodeJS.WriteStream): ProgressView {
  const bars = new cliProgress.MultiBar(
    {
      stream,
      // The lines are made here, for the width that the terminal has at this moment.
      format: (_options, _params, payload: { line: string }) => payload.line,
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
  let drawn: readonly string[] = [];
  const created = new Map<number | typeof TOTAL, cliProgress.SingleBar>();

  function draw(key: number | typeof TOTAL, line: string): void {
    const bar = created.get(key) ?? bars.create(1, 0, { line });
    created.set(key, bar);
    bar.update({ line });
  }

  function drawAll(snapshot: ProgressSnapshot): void {
    // A stream that is no real terminal may give 0.
    const columns = stream.columns > 0 ? stream.columns : DEFAULT_COLUMNS;
    const total = snapshot.tokensTotal ?? snapshot.tokensScanned;
    const evenShare = total / snapshot.workers.length;
    const workers = snapshot.workers.map((worker) => workerLine(worker, evenShare, columns));
    drawn = [...workers, totalLine(snapshot, columns)];
    snapshot.workers.forEach(({ rank }, index) => draw(rank, workers[index] ?? ''));
    draw(TOTAL, drawn.at(-1) ?? '');
  }

  /** A terminal that became narrower has wrapped the lines: the rows that this added go, or they stay for ever. */
  function clearWrapped(): void {
    const columns = stream.columns > 0 ? stream.columns : DEFAULT_COLUMNS;
    const rows = drawn.reduce((sum, line) => sum + Math.ceil(Math.max(1, line.length) / columns), 0);
    if (closed || rows === drawn.length) return;
    // The cursor stands in the last row.
    moveCursor(stream, 0, 1 - rows);
    clearScreenDown(stream);
    moveCursor(stream, 0, drawn.length - 1);
    // Some terminals tell of one change several times.
    drawn = [];
  }
  stream.on('resize', clearWrapped);

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
      if (!closed) drawAll(snapshot);
    },
    close: () => {
      if (closed) return;
      closed = true;
      stream.off('resize', clearWrapped);
      bars.update();
      bars.stop();
    },
  };
}
