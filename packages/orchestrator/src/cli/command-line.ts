import { existsSync } from 'node:fs';

import { nodeFileSystem } from '@virnucpro/checkpoint/file-system';
import { EXIT_CODES, isVirnucproError, storageFailure, UsageError } from '@virnucpro/protocol';
import yargs, { type Argv } from 'yargs';

import { addAll, declared, type DeclaredCommands } from './arguments/declared-command.ts';
import { readArguments } from './arguments/read-arguments.ts';
import { mergeCommand } from './commands/merge-command.ts';
import { doctorCommand } from './commands/doctor-command.ts';
import { modelCommand, modelParts } from './commands/model-command.ts';
import { planCommand } from './commands/plan-command.ts';
import { reportCommand } from './commands/report-command.ts';
import { resumeCommand } from './commands/resume-command.ts';
import { runCommand } from './commands/run-command.ts';
import { slurmCommand, slurmParts } from './commands/slurm-command.ts';
import { statusCommand } from './commands/status-command.ts';
import { translateCommand } from './commands/translate-command.ts';
import { verifyCommand } from './commands/verify-command.ts';
import { toolVersion } from '../installation/installation.ts';
import type { Finish, RunContext } from '../run/run-context.ts';

const HELP_WIDTH = 110;

/**
 * Runs one command line.
 *
 * @param seams stand-ins for tests: streams, file system, the worker's entry file
 * @returns the exit code; errors were printed
 */
export async function runCommandLine(
  argv: readonly string[],
  seams: Partial<RunContext> = {},
): Promise<number> {
  const context: RunContext = {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    environment: process.env,
    toolVersion: toolVersion(),
    fileSystem: nodeFileSystem,
    ...seams,
  };
  // A reader that goes away (head, a closed terminal) must not end the work: what is said is lost, nothing else.
  for (const stream of [context.stdout, context.stderr]) stream.on('error', () => undefined);
  let exitCode: number = EXIT_CODES.complete;
  const finish = (code: number): void => void (exitCode = code);
  try {
    const singles = singleCommands(context, finish);
    const commands: DeclaredCommands = [
      ...singles,
      ...modelParts(context, finish),
      ...slurmParts(context, finish),
    ];
    const read = readArguments(argv, commands, existsSync);
    const parser = parserWith(context.toolVersion);
    // A parser that knows all commands renders their help at each start, whether it is shown or not.
    if (read === null)
      await addCommands(parser, singles, context, finish).parseAsync(argv.length === 0 ? ['--help'] : argv);
    else await read.command.addAloneTo(parser).parseAsync(read.argv);
  } catch (error) {
    exitCode = printError(error, context.stderr);
  }
  return exitCode;
}

function singleCommands(context: RunContext, finish: Finish): DeclaredCommands {
  return [
    declared(runCommand(context, finish)),
    declared(resumeCommand(context, finish)),
    declared(statusCommand(context, finish)),
    declared(reportCommand(context, finish)),
    declared(mergeCommand(context, finish)),
    declared(verifyCommand(context, finish)),
    declared(planCommand(context, finish)),
    declared(translateCommand(context, finish)),
    declared(doctorCommand(context, finish)),
  ];
}

function addCommands(parser: Argv, singles: DeclaredCommands, context: RunContext, finish: Finish): Argv {
  return addAll(parser, singles)
    .command(modelCommand(context, finish))
    .command(slurmCommand(context, finish));
}

function parserWith(version: string): Argv {
  return yargs()
    .scriptName('virnucpro-orchestrate')
    .usage(
      '$0 FASTA... -o RUN_DIR\n\nEmbeds protein FASTA with ESM-2, packed, on every GPU (or on CPU), resumable at any point.',
    )
    .version(version)
    .help()
    .alias('h', 'help')
    .strict()
    .recommendCommands()
    .wrap(HELP_WIDTH)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined) throw error;
      throw new UsageError(
        'USAGE',
        `${sentence(message ?? 'The command line could not be understood')} See --help.`,
      );
    });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}

/** @returns the exit code that goes with the error */
function printError(cause: unknown, stderr: NodeJS.WritableStream): number {
  const error = storageFailure(cause) ?? cause;
  if (isVirnucproError(error)) {
    stderr.write(`error: ${error.message}\n`);
    return error.exitCode;
  }
  // yargs throws some mistakes of the command line past its own handler.
  if (error instanceof Error && error.name === 'YError') {
    stderr.write(`error: ${sentence(error.message)} See --help.\n`);
    return EXIT_CODES.usage;
  }
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`unexpected error, please report it with this text:\n${shown}\n`);
  return EXIT_CODES.unexpected;
}
