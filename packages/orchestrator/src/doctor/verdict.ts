import { EXIT_CODES, isVirnucproError, type ExitCode } from '@virnucpro/protocol';

import { fail, type Finding } from './finding.ts';

/** A finding that decides whether a run works, and the exit code that the run would give. */
export interface Verdict {
  readonly finding: Finding;
  readonly exitCode: ExitCode;
}

/** The same refusal that a run would give; what is no refusal is thrown on. */
export function refusal(name: string, error: unknown): Verdict {
  if (!isVirnucproError(error) || error.exitCode === EXIT_CODES.unexpected) throw error;
  const { found, remedy } = sentences(error.message);
  return { finding: fail(name, found, remedy), exitCode: error.exitCode };
}

/** Messages for people end with what to do: their last sentence. */
function sentences(message: string): { readonly found: string; readonly remedy: string } {
  const parts = message.trim().split(/(?<=[.!]) (?=[A-Z`])/);
  const remedy = parts.length > 1 ? parts.pop() : undefined;
  return { found: parts.join(' '), remedy: remedy ?? 'See docs/gpus.md.' };
}
