import { join } from 'node:path';

import { appendProblem } from '@virnucpro/checkpoint/worker';
import type { LogLevel, Rank } from '@virnucpro/protocol';
import { createLogger, format, transports, type Logger } from 'winston';

/**
 * logs/worker-RANK.log: one JSON object per line, appended to over respawns and resumes. Where it cannot be opened, that
 * is said once and nothing is logged: a log is not worth the work.
 */
export function openWorkerLog(logDirectory: string, rank: Rank, level: LogLevel): Logger {
  const filename = join(logDirectory, `worker-${rank}.log`);
  const problem = appendProblem(filename);
  if (problem !== null) {
    process.stderr.write(`warn: logs/worker-${rank}.log cannot be written: ${problem}\n`);
    return createLogger({ silent: true });
  }
  const log = createLogger({
    level,
    defaultMeta: { rank, pid: process.pid },
    format: format.combine(format.timestamp(), format.errors({ stack: true }), format.json()),
    transports: [new transports.File({ filename })],
  });
  // A log that cannot be written (a full disk) must not end the work.
  log.on('error', () => undefined);
  return log;
}
