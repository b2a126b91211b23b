export { runCommandLine } from './cli/command-line.ts';
export type { RunContext } from './run/run-context.ts';
