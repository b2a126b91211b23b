import { readManifest, runPaths, writeFileAtomically } from '@virnucpro/checkpoint';
import { renderReportPage, reportSchema, type Report } from '@virnucpro/monitor';
import { EXIT_CODES, InputError } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import { formatCount, formatDuration } from '../../progress/format.ts';
import { refuseMissingFolder, refuseOddTarget } from '../../run/output-target.ts';
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
      const { fileSystem, stdout } = context;
      if (html !== undefined) {
        await refuseOddTarget('--html', html);
        await refuseMissingFolder('--html', html);
      }
      const report = await readReport(context, runDirectory);
      if (html !== undefined) {
        const manifest = await readManifest(fileSystem, runPaths(runDirectory).manifest);
        const page = await renderReportPage(report, manifest?.outputs ?? []);
        await writeFileAtomically(fileSystem, html, Buffer.from(page));
      }
      stdout.write(json ? `${JSON.stringify(report)}\n` : describeReport(report));
      finish(EXIT_CODES.complete);
    },
  };
}

/** @throws {InputError} NO_RUN, NO_REPORT (the run has not stopped yet), REPORT_UNREADABLE */
async function readReport({ fileSystem }: RunContext, runDirectory: string): Promise<Report> {
  const paths = runPaths(runDirectory);
  if ((await readManifest(fileSystem, paths.manifest)) === null)
    throw new InputError('NO_RUN', `${runDirectory} holds no run (no manifest.json).`);
  if (!(await fileSystem.exists(paths.reportJson))) {
    throw new InputError(
      'NO_REPORT',
      `${runDirectory} has no report yet: it is written when a run ends or stops. See: virnucpro-orchestrate status ${runDirectory}`,
    );
  }
  const content = await fileSystem.readFile(paths.reportJson).catch(() => null);
  const parsed = reportSchema.safeParse(content === null ? null : parsedJson(content));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(
    'REPORT_UNREADABLE',
    `${paths.reportJson} is no report of this version (${issue === undefined || issue.path.length === 0 ? 'it is no JSON object' : `${issue.path.join('.')}: ${issue.message}`}). ` +
      `Check it with: virnucpro-orchestrate verify ${runDirectory}`,
  );
}

function parsedJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
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
