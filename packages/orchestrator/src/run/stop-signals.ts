/** The wish of the person, or the batch system, to stop: once for a drain, twice for at once. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** Name of the first signal, for the message; null while there was none. */
  readonly cause: () => string | null;
  /** Runs at the first signal, at once when it has come already. */
  onStop(stop: () => void): void;
  /** Runs at the second signal. */
  onForce(force: () => void): void;
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGUSR1'] as const;

/** `timeout`, and Slurm with its steps, tell a program twice at once: that is one wish. */
const ECHO_MS = 300;

/**
 * A terminal that is closed stops the run that it shows. A run that has nothing to do with a terminal (nohup, a batch
 * system) goes on: Node resets what nohup set, so this is the only way to tell.
 */
function isAttended(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
}

/** Listens for the signals that stop a run; `announce` gets a line for the person at each of the first two. */
export function listenForStop(announce: (message: string) => void): StopSignals {
  const stop = new AbortController();
  const force = new AbortController();
  let cause: string | null = null;
  let firstMs = 0;

  const receive = (signal: NodeJS.Signals): void => {
    if (cause === null) {
      cause = signal;
      firstMs = performance.now();
      announce(`${signal}: finishing the packs in flight, then stopping; once more to stop at once`);
      stop.abort();
    } else if (!force.signal.aborted && !(signal === cause && performance.now() - firstMs < ECHO_MS)) {
      announce(`${signal} again: stopping at once`);
      force.abort();
    }
  };
  const ignored = (): void => undefined;
  const onHangUp = isAttended() ? receive : ignored;
  for (const signal of SIGNALS) process.on(signal, receive);
  process.on('SIGHUP', onHangUp);

  return {
    signal: stop.signal,
    cause: () => cause,
    onStop: (callback) => whenAborted(stop.signal, callback),
    onForce: (callback) => whenAborted(force.signal, callback),
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, receive);
      process.off('SIGHUP', onHangUp);
    },
  };
}

function whenAborted(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
}
