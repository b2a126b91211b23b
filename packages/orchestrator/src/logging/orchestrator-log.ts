import { join } from 'node:path';

import type { LogLevel } from '@virnucpro/protocol';
import { createLogger, format, transports, type Logger } from 'winston';

export interface OrchestratorLogOptions {
  readonly logDirectory: string;
  readonly level: LogLevel;
  /** Where readable lines go; a progress view may have to make room for them. */
  readonly console: NodeJS.WritableStream;
}

/** logs/orchestrator.log as JSON lines, and readable lines for the person who watches. */
export function openOrchestratorLog(options: OrchestratorLogOptions): Logger {
  const file = new transports.File({
    filename: join(options.logDirectory, 'orchestrator.log'),
    format: format.combine(format.timestamp(), format.errors({ stack: true }), format.json()),
  });
  const log = createLogger({
    level: options.level,
    transports: [file, new transports.Stream({ stream: options.console, format: consoleFormat() })],
  });
  // A log that cannot be written (a full disk) must not end the work.
  log.on('error', () => undefined);
  return log;
}

/** Ends the log with everything written. */
export function closeOrchestratorLog(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    log.once('finish', () => resolve());
    log.end();
  });
}

function consoleFormat() {
  return format.combine(
    format.timestamp({ format: 'HH:mm:ss' }),
    format.printf(({ level, message, timestamp }) => {
      const mark = level === 'info' ? '' : `${level}: `;
      return `${String(timestamp)} ${mark}${String(message)}`;
    }),
  );
}
