/** Exit codes of the command line: part of its contract (README, "Exit codes"). */
export const EXIT_CODES = {
  complete: 0,
  unexpected: 1,
  usage: 2,
  completeWithRejections: 3,
  stopped: 75,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** Exit codes of a worker process (sysexits numbers; Node keeps 1 to 13 for itself). */
export const WORKER_EXIT_CODES = {
  drained: 0,
  device: 69,
  bug: 70,
  outOfMemory: 71,
  io: 74,
  protocol: 76,
} as const;

export type WorkerExitCode = (typeof WORKER_EXIT_CODES)[keyof typeof WORKER_EXIT_CODES];
