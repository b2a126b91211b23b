import { EXIT_CODES } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import type { RunPlan } from '../../plan/plan-run.ts';
import { formatBytes, formatCount } from '../../progress/format.ts';
import type { Finish, RunContext } from '../../run/run-context.ts';
import { addRunOptions, restoreStdin, settingsFrom } from './run-command.ts';

interface PlanArguments {
  readonly fasta: string[];
  readonly config: string | undefined;
  readonly assumeGpuMemory: string | undefined;
  readonly [flag: string]: unknown;
}

export function planCommand(context: RunContext, finish: Finish): CommandModule<object, PlanArguments> {
  return {
    command: 'plan <fasta..>',
    describe: 'what a run would do and need: records, packs, disk, memory; computes nothing',
    builder: (yargs) =>
      addRunOptions(
        yargs
          .positional('fasta', { describe: 'as for run', array: true, type: 'string', default: undefined })
          .option('config', { type: 'string', requiresArg: true, describe: 'YAML file, as for run' })
          .option('assume-gpu-memory', {
            type: 'string',
            requiresArg: true,
            describe:
              'plan for GPUs with so much free memory each (80GiB), as many as --gpus names, not for this machine',
          }),
      ) as Argv<PlanArguments>,
    handler: async (argv) => {
      const settings = await settingsFrom(argv, argv.config, context.environment);
      const { parseMemory } = await import('../../plan/assumed-gpus.ts');
      const { planRun } = await import('../../plan/plan-run.ts');
      const assumed = argv.assumeGpuMemory === undefined ? null : parseMemory(argv.assumeGpuMemory);
      const plan = await planRun(argv.fasta.map(restoreStdin), settings, context, assumed);
      // Where a run says it: in its log, which is no part of the result.
      if (plan.inputType !== null && !settings.json) context.stderr.write(`${plan.inputType}\n`);
      context.stdout.write(settings.json ? `${JSON.stringify(plan)}\n` : describePlan(plan));
      finish(EXIT_CODES.complete);
    },
  };
}

type PlanLine = readonly [name: string, value: string];

function describeProteins(scan: RunPlan['scan']): PlanLine[] {
  return [
    [
      'input',
      `${formatCount(scan.records)} records, ${formatCount(scan.residues)} residues, ${formatCount(scan.tokens)} tokens`,
    ],
    [
      'lengths',
      `${formatCount(scan.minResidues)} to ${formatCount(scan.maxResidues)} residues, ${formatCount(scan.longRecords)} over the limit`,
    ],
    [
      'rejected',
      `${formatCount(scan.emptyRecords)} empty, ${formatCount(scan.invalidRecords)} with a character that is no amino acid`,
    ],
  ];
}

function describeNucleotides(scan: RunPlan['scan']): PlanLine[] {
  return [
    ['input', `${formatCount(scan.records)} nucleotide records, ${formatCount(scan.residues)} bases`],
    [
      'frames',
      `about ${formatCount(scan.sequences)}, ${formatCount(scan.tokens)} tokens: expected by length, counted when they are translated`,
    ],
    ['lengths', `${formatCount(scan.minResidues)} to ${formatCount(scan.maxResidues)} bases`],
    [
      'rejected',
      `${formatCount(scan.emptyRecords)} empty, ${formatCount(scan.invalidRecords)} with a character that is no nucleotide`,
    ],
  ];
}

function describePlan(plan: RunPlan): string {
  const { scan, model, devices, threadsPerWorker, tokenBudget, shards, packs, diskBytes, memoryBytes } = plan;
  const threads = `${threadsPerWorker} thread${threadsPerWorker === 1 ? '' : 's'} each`;
  const lines: PlanLine[] = [
    ...(plan.translated ? describeNucleotides(scan) : describeProteins(scan)),
    ['model', `${model.name}, ${model.embeddingDim} wide, ${formatBytes(model.weightBytes)} of weights`],
    ['devices', `${devices.length}: ${devices.join(', ')} (${threads})`],
    [
      'packs',
      `at least ${formatCount(packs)} of ${formatCount(tokenBudget)} tokens, in ${formatCount(shards)} shards`,
    ],
    ['budget', plan.tokenBudgetReason],
    ['disk', `${formatBytes(diskBytes)} at most in RUN_DIR`],
    ['memory', `about ${formatBytes(memoryBytes)} on this machine`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(10)}${value}\n`).join('');
}
