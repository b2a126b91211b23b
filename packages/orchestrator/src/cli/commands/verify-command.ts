import type { Verification } from '@virnucpro/checkpoint';
import { EXIT_CODES } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import { formatCount } from '../../progress/format.ts';
import type { RunContext, Finish } from '../../run/run-context.ts';

interface VerifyArguments {
  readonly runDirectory: string;
  readonly json: boolean;
}

export function verifyCommand(context: RunContext, finish: Finish): CommandModule<object, VerifyArguments> {
  return {
    command: 'verify <run-directory>',
    describe: 're-read everything that a run wrote and compare it with its checksums',
    builder: (yargs) =>
      yargs
        .positional('run-directory', { type: 'string', demandOption: true, describe: 'RUN_DIR of the run' })
        .option('json', {
          type: 'boolean',
          default: false,
          describe: 'print JSON',
        }) as unknown as Argv<VerifyArguments>,
    handler: async ({ runDirectory, json }) => {
      const { verifyRun } = await import('@virnucpro/checkpoint');
      const verification = await verifyRun(context.fileSystem, runDirectory);
      const { findings } = verification;
      if (json) context.stdout.write(`${JSON.stringify(verification)}\n`);
      else {
        for (const { file, problem } of findings) context.stdout.write(`${file}: ${problem}\n`);
        context.stdout.write(
          findings.length === 0
            ? verdictText(verification)
            : `${formatCount(findings.length)} problem${findings.length === 1 ? '' : 's'} found in ${runDirectory}\n`,
        );
      }
      finish(exitCodeOf(verification));
    },
  };
}

function verdictText({ runDirectory, status }: Verification): string {
  if (status === 'complete') return `verified: ${runDirectory} is whole\n`;
  return `${runDirectory} is unfinished: what is there is whole; go on with: virnucpro-orchestrate resume ${runDirectory}\n`;
}

/** A run without results must not pass for verified. */
function exitCodeOf({ findings, status }: Verification): number {
  if (findings.length > 0) return EXIT_CODES.unexpected;
  return status === 'complete' ? EXIT_CODES.complete : EXIT_CODES.stopped;
}
