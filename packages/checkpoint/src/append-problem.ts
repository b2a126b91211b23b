import { closeSync, openSync } from 'node:fs';

/**
 * Why a file cannot be opened for appending; null when it can. For logs: winston says nothing of a file that it cannot
 * open, and never finishes.
 */
export function appendProblem(path: string): string | null {
  try {
    closeSync(openSync(path, 'a'));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
