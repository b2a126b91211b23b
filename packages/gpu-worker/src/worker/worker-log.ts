import { join } from 'node:path';

import type { LogLevel, Rank } from '@virnucpro/protocol';
import { createLogger, format, transports, type Logger } from 'winston';

/** logs/worker-RANK.log: one JSON object per line, appended to over respawns and resumes. */
export function openWorkerLog(logDirectory: string, rank: Rank, level: LogLevel): Logger {
  const file = new transports.File({ filename: join(logDirectory, `worker-${rank}.log`) });
  const log = createLogger({
    level,
    defaultMeta: { rank, pid: process.pid },
    format: format.combine(format.timestamp(), format.errors({ stack: true }), format.json()),
    transports: [file],
  });
  // A log that cannot be written (a full disk) must not end the work.
  log.on('error', () => undefined);
  return log;
}

/** Ends the log with everything written. */
export function closeWorkerLog(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    log.once('finish', () => resolve());
    log.end();
  });
}
