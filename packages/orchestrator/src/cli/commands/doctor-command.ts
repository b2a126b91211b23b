import type { Argv, CommandModule } from 'yargs';

import type { RunOptionName } from '../../config/run-options.ts';
import type { Finish, RunContext } from '../../run/run-context.ts';
import { addRunOptions, settingsFrom } from './run-command.ts';

interface DoctorArguments {
  readonly out: string;
  readonly config: string | undefined;
  readonly [flag: string]: unknown;
}

/** Options of `run` that decide whether it works on a machine. */
const OPTIONS: readonly RunOptionName[] = [
  'model',
  'pooling',
  'dtype',
  'max-residues',
  'device',
  'gpus',
  'workers',
  'threads-per-worker',
  'token-budget',
  'precision',
  'json',
];

export function doctorCommand(context: RunContext, finish: Finish): CommandModule<object, DoctorArguments> {
  return {
    command: 'doctor',
    describe: 'would a run work here? driver, CUDA libraries, devices (one pack each), disk, limits',
    builder: (yargs) =>
      addRunOptions(
        yargs
          .option('out', {
            alias: 'o',
            type: 'string',
            default: '.',
            requiresArg: true,
            describe: 'RUN_DIR, as for run',
          })
          .option('config', { type: 'string', requiresArg: true, describe: 'YAML file, as for run' }),
        OPTIONS,
      ) as Argv<DoctorArguments>,
    handler: async (argv) => {
      const { examine } = await import('../../doctor/doctor.ts');
      const { doctorText } = await import('../../doctor/doctor-text.ts');
      const settings = await settingsFrom(argv, argv.config, context.environment);
      const report = await examine(settings, argv.out, context);
      const colored = context.stdout.isTTY === true && !context.environment['NO_COLOR'];
      context.stdout.write(settings.json ? `${JSON.stringify(report)}\n` : doctorText(report, colored));
      finish(report.exitCode);
    },
  };
}
