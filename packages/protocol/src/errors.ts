import { EXIT_CODES, type ExitCode } from './exit-codes.ts';

export interface VirnucproErrorOptions {
  /** Values that belong to the error (paths, limits seen); JSON-safe, because errors cross processes. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
  readonly cause?: unknown;
}

/**
 * An error that is meant for the person who meets it: the message says what happened, the value seen and
 * what to do. Compare by `code`, never by `instanceof`: errors cross processes and realms.
 */
export class VirnucproError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;

  constructor(code: string, exitCode: ExitCode, message: string, options: VirnucproErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
    this.details = options.details ?? {};
  }
}

/** A wrong flag, variable or configuration file; nothing was computed. */
export class UsageError extends VirnucproError {
  constructor(code: string, message: string, options?: VirnucproErrorOptions) {
    super(code, EXIT_CODES.usage, message, options);
  }
}

/** Input that cannot be used: FASTA, weights, a run folder of another job. */
export class InputError extends VirnucproError {
  constructor(code: string, message: string, options?: VirnucproErrorOptions) {
    super(code, EXIT_CODES.usage, message, options);
  }
}

/** A device that is missing, lost or out of memory. */
export class DeviceError extends VirnucproError {
  constructor(code: string, message: string, options?: VirnucproErrorOptions) {
    super(code, EXIT_CODES.usage, message, options);
  }
}

/** The job stopped before its end and can be resumed. */
export class StoppedError extends VirnucproError {
  constructor(code: string, message: string, options?: VirnucproErrorOptions) {
    super(code, EXIT_CODES.stopped, message, options);
  }
}

/** A checkpoint or output that does not hold what it should. */
export class CheckpointError extends VirnucproError {
  constructor(code: string, message: string, options?: VirnucproErrorOptions) {
    super(code, EXIT_CODES.unexpected, message, options);
  }
}

/** A message between processes that does not fit the schema: a bug, or two versions mixed. */
export class ProtocolError extends VirnucproError {
  constructor(code: string, message: string, options?: VirnucproErrorOptions) {
    super(code, EXIT_CODES.unexpected, message, options);
  }
}

/** An error as it travels between processes (JSON would drop everything but own enumerable fields). */
export interface SerializedError {
  readonly name: string;
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly stack: string | null;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

/** True for errors of this project, also those made in another realm or package copy. */
export function isVirnucproError(error: unknown): error is VirnucproError {
  return error instanceof Error && 'exitCode' in error && 'details' in error && 'code' in error;
}

export function serializeError(error: unknown): SerializedError {
  if (isVirnucproError(error)) {
    const { name, code, exitCode, message, details } = error;
    return { name, code, exitCode, message, stack: error.stack ?? null, details: { ...details } };
  }
  const known = error instanceof Error ? error : new Error(String(error));
  const code = 'code' in known && typeof known.code === 'string' ? known.code : 'UNEXPECTED';
  return {
    name: known.name,
    code,
    exitCode: EXIT_CODES.unexpected,
    message: known.message,
    stack: known.stack ?? null,
    details: {},
  };
}

export function deserializeError(serialized: SerializedError): VirnucproError {
  const error = new VirnucproError(serialized.code, serialized.exitCode, serialized.message, {
    details: serialized.details,
  });
  error.name = serialized.name;
  if (serialized.stack !== null) error.stack = serialized.stack;
  return error;
}
