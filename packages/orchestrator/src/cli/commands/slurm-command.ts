import type { Argv, CommandModule } from 'yargs';

import type { Finish, RunContext } from '../../run/run-context.ts';
import { addAll, declared, type DeclaredCommand } from '../arguments/declared-command.ts';
import { slurmRequeueCommand } from './slurm-requeue-command.ts';
import { slurmScriptCommand, slurmSubmitCommand } from './slurm-submit-command.ts';
import { slurmStatusCommand } from './slurm-status-command.ts';

/** `slurm script`, `submit`, `status`, and `requeue`, which batch scripts call. */
export function slurmCommand(context: RunContext, finish: Finish): CommandModule {
  return {
    command: 'slurm',
    describe: 'run on the nodes of a Slurm cluster',
    builder: (yargs: Argv) =>
      addAll(yargs, slurmParts(context, finish)).demandCommand(
        1,
        'Say what to do: script, submit, status or requeue.',
      ),
    handler: () => undefined,
  };
}

export function slurmParts(context: RunContext, finish: Finish): readonly DeclaredCommand[] {
  return [
    declared(slurmSubmitCommand(context, finish), ['slurm']),
    declared(slurmScriptCommand(context, finish), ['slurm']),
    declared(slurmStatusCommand(context, finish), ['slurm']),
    declared(slurmRequeueCommand(context, finish), ['slurm']),
  ];
}
