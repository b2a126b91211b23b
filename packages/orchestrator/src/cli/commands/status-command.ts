import { EXIT_CODES } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import { formatCount } from '../../progress/format.ts';
import { percent } from '../../progress/plain-view.ts';
import type { RunContext, Finish } from '../../run/run-context.ts';
import { readRunStatus, type RunStatus } from '../../status/run-status.ts';

interface StatusArguments {
  readonly runDirectory: string;
  readonly json: boolean;
}

export function statusCommand(context: RunContext, finish: Finish): CommandModule<object, StatusArguments> {
  return {
    command: 'status <run-directory>',
    describe: 'how far a run is, and whether it is alive',
    builder: (yargs) =>
      yargs
        .positional('run-directory', { type: 'string', demandOption: true, describe: 'RUN_DIR of the run' })
        .option('json', {
          type: 'boolean',
          default: false,
          describe: 'print JSON',
        }) as unknown as Argv<StatusArguments>,
    handler: async ({ runDirectory, json }) => {
      const status = await readRunStatus(context.fileSystem, runDirectory);
      context.stdout.write(json ? `${JSON.stringify(status)}\n` : describeStatus(status));
      finish(EXIT_CODES.complete);
    },
  };
}

function describeStatus(status: RunStatus): string {
  const { tokensTotal, tokensDone, tokensPerSecond, sequencesDone } = status;
  const share =
    tokensTotal === null ? `${formatCount(tokensDone)} tokens` : `${percent(tokensDone, tokensTotal)} %`;
  const rate = tokensPerSecond === null ? '' : ` · ${formatCount(tokensPerSecond)} tokens/s`;
  const rows =
    status.rows === null ? `${formatCount(sequencesDone)} sequences` : `${formatCount(status.rows)} rows`;
  return [
    ['run', `${status.runDirectory} (${status.runId})`],
    ['state', stateText(status)],
    ['model', status.model],
    ['progress', `${share} · ${rows}${rate}`],
    ['updated', status.updatedAt],
  ]
    .map(([name, value]) => `${name?.padEnd(10)}${value}\n`)
    .join('');
}

function stateText({ state, pid, host, runDirectory }: RunStatus): string {
  switch (state) {
    case 'running':
      return `running (process ${pid ?? '?'} on ${host ?? '?'})`;
    case 'dead':
      return `dead: its process is gone; go on with: virnucpro-orchestrate resume ${runDirectory}`;
    case 'stopped':
      return `stopped; go on with: virnucpro-orchestrate resume ${runDirectory}`;
    case 'complete':
      return 'complete';
    default:
      return state satisfies never;
  }
}
