import { setTimeout } from 'node:timers/promises';

import { EXIT_CODES } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import { formatCount, formatDuration } from '../../progress/format.ts';
import { percent } from '../../progress/plain-view.ts';
import type { RunContext, Finish } from '../../run/run-context.ts';
import type { NodeState, NodeStatus } from '../../status/node-status.ts';
import type { RunStatus } from '../../status/run-status.ts';

const WATCH_INTERVAL_MS = 2_000;

interface StatusArguments {
  readonly runDirectory: string;
  readonly json: boolean;
  readonly watch: boolean;
}

export function statusCommand(context: RunContext, finish: Finish): CommandModule<object, StatusArguments> {
  return {
    command: 'status <run-directory>',
    describe: 'how far a run is, and whether it is alive',
    builder: (yargs) =>
      yargs
        .positional('run-directory', { type: 'string', demandOption: true, describe: 'RUN_DIR of the run' })
        .option('watch', {
          alias: 'w',
          type: 'boolean',
          default: false,
          describe: 'a line every two seconds, until the run ends',
        })
        .option('json', {
          type: 'boolean',
          default: false,
          describe: 'print JSON',
        }) as unknown as Argv<StatusArguments>,
    handler: async ({ runDirectory, json, watch }) => {
      const { readRunStatus } = await import('../../status/run-status.ts');
      for (;;) {
        const status = await readRunStatus(context.fileSystem, runDirectory);
        const isLast = !watch || status.state !== 'running';
        if (json) context.stdout.write(`${JSON.stringify(status)}\n`);
        else context.stdout.write(isLast ? describeStatus(status) : `${progressText(status)}\n`);
        if (isLast) break;
        await setTimeout(WATCH_INTERVAL_MS);
      }
      finish(EXIT_CODES.complete);
    },
  };
}

export function progressText(status: RunStatus): string {
  const { tokensTotal, tokensDone, tokensPerSecond, sequencesDone } = status;
  const share =
    tokensTotal === null ? `${formatCount(tokensDone)} tokens` : `${percent(tokensDone, tokensTotal)} %`;
  const rate = tokensPerSecond === null ? '' : ` · ${formatCount(tokensPerSecond)} tokens/s`;
  const rows =
    status.rows === null ? `${formatCount(sequencesDone)} sequences` : `${formatCount(status.rows)} rows`;
  const eta = status.etaSeconds === null ? '' : ` · ETA ${formatDuration(status.etaSeconds)}`;
  return `${share} · ${rows}${rate}${eta}`;
}

function describeStatus(status: RunStatus): string {
  return [
    ['run', `${status.runDirectory} (${status.runId})`],
    ['state', stateText(status)],
    ['model', status.model],
    ['progress', progressText(status)],
    ['updated', status.updatedAt],
  ]
    .concat(
      status.state === 'complete' ? [] : status.nodes.map((node) => [`node ${node.rank}`, nodeText(node)]),
    )
    .map(([name, value]) => `${name?.padEnd(10)}${value}\n`)
    .join('');
}

/** @param remedies what to do about a node in such a state, if anything */
export function nodeText(
  { state, host, tokensDone, tokensTotal, tokensPerSecond, etaSeconds }: NodeStatus,
  remedies: Readonly<Partial<Record<NodeState, string>>> = NODE_REMEDIES,
): string {
  const share = tokensTotal === null ? '' : ` · ${percent(tokensDone, tokensTotal)} %`;
  const rate = tokensPerSecond === null ? '' : ` · ${formatCount(tokensPerSecond)} tokens/s`;
  const eta = etaSeconds === null ? '' : ` · ETA ${formatDuration(etaSeconds)}`;
  return `${NODE_STATES[state]}${remedies[state] ?? ''}${host === null ? '' : ` on ${host}`}${share}${rate}${eta}`;
}

const NODE_STATES: Readonly<Record<NodeState, string>> = {
  running: 'running',
  done: 'done',
  stopped: 'stopped',
  dead: 'dead: its process is gone',
  absent: 'has not begun',
};

const NODE_REMEDIES = { stopped: '; start it again', dead: '; start it again' } as const;

export function stateText({ state, pid, host, runDirectory, nodes }: RunStatus): string {
  switch (state) {
    case 'running':
      if (pid === null)
        return `running on ${nodes.filter((node) => node.state === 'running').length} of ${nodes.length} nodes`;
      return `running (process ${pid} on ${host ?? '?'})`;
    case 'dead':
      return `dead: its process is gone; go on with: virnucpro-orchestrate resume ${runDirectory}`;
    case 'computed':
      return `all nodes are done; merge it with: virnucpro-orchestrate merge ${runDirectory}`;
    case 'stopped':
      return `stopped; go on with: virnucpro-orchestrate resume ${runDirectory}`;
    case 'complete':
      return 'complete';
    default:
      return state satisfies never;
  }
}
