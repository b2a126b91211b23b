import type { Report } from '@virnucpro/monitor';
import { EXIT_CODES } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import { formatCount, formatDuration } from '../../progress/format.ts';
import type { RunContext, Finish } from '../../run/run-context.ts';

interface ReportArguments {
  readonly runDirectory: string;
  readonly json: boolean;
  readonly html: string | undefined;
}

export function reportCommand(context: RunContext, finish: Finish): CommandModule<object, ReportArguments> {
  return {
    command: 'report <run-directory>',
    describe: 'how a run went: speed, what limited it, what went wrong',
    builder: (yargs) =>
      yargs
        .positional('run-directory', { type: 'string', demandOption: true, describe: 'RUN_DIR of the run' })
        .option('html', { type: 'string', requiresArg: true, describe: 'write the page to this file too' })
        .option('json', {
          type: 'boolean',
          default: false,
          describe: 'print report.json',
        }) as unknown as Argv<ReportArguments>,
    handler: async ({ runDirectory, json, html }) => {
      const { reportJob } = await import('../../run/report-job.ts');
      const report = await reportJob(runDirectory, html, context);
      const { stdout } = context;
      stdout.write(json ? `${JSON.stringify(report)}\n` : describeReport(report));
      finish(EXIT_CODES.complete);
    },
  };
}

function describeReport(report: Report): string {
  const { status, verdict, totals, throughput, packing, workers, restarts, rejected, elapsedMs } = report;
  const { modelFlopsUtilization } = throughput;
  const share = (value: number | null) => (value === null ? '-' : `${(100 * value).toFixed(1)} %`);
  const peak = modelFlopsUtilization === null ? '' : `, ${share(modelFlopsUtilization)} of their peak`;
  const lines = [
    ['status', status],
    ['verdict', verdict.sentence],
    [
      'rows',
      `${formatCount(totals.rows)} of ${formatCount(totals.records)} records, ${formatCount(rejected.count)} rejected`,
    ],
    ['time', `${formatDuration(elapsedMs / 1000)} (this attempt)`],
    [
      'speed',
      `${formatCount(throughput.tokensPerSecond)} tokens/s, ${formatCount(throughput.sequencesPerSecond)} sequences/s`,
    ],
    ['devices', `${workers.length}, busy ${share(throughput.deviceBusyShare)}${peak}`],
    [
      'packs',
      `${formatCount(packing.packs)}, fill ${share(packing.tokenUtilization)}, padding saved ${share(packing.paddingSavedShare)}`,
    ],
    ['restarts', restarts.length === 0 ? 'none' : restarts.map(({ reason }) => reason).join('\n          ')],
  ];
  return lines.map(([name = '', text = '']) => `${name.padEnd(10)}${text}\n`).join('');
}
