import { join } from 'node:path';

import { appendProblem } from '@virnucpro/checkpoint';
import type { LogLevel } from '@virnucpro/protocol';
import { createLogger, format, transports, type Logger } from 'winston';

export interface OrchestratorLogOptions {
  readonly logDirectory: string;
  readonly level: LogLevel;
  /** Where readable lines go; a progress view may have to make room for them. */
  readonly console: NodeJS.WritableStream;
}

/** logs/orchestrator.log as JSON lines, and readable lines for the person who watches. */
export function openOrchestratorLog({ logDirectory, level, console }: OrchestratorLogOptions): Logger {
  const watched = new transports.Stream({ stream: console, format: consoleFormat() });
  const filename = join(logDirectory, 'orchestrator.log');
  const problem = appendProblem(filename);
  const log = createLogger({
    level,
    transports: problem === null ? [fileTransport(filename), watched] : [watched],
  });
  // A log that cannot be written (a full disk) must not end the work.
  log.on('error', () => undefined);
  if (problem !== null) log.warn(`logs/orchestrator.log cannot be written: ${problem}`);
  return log;
}

function fileTransport(filename: string) {
  return new transports.File({
    filename,
    format: format.combine(format.timestamp(), format.errors({ stack: true }), format.json()),
  });
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
