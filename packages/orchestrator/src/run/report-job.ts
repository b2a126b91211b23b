import { readManifest, runPaths, writeFileAtomically } from '@virnucpro/checkpoint';
import { renderReportPage, reportSchema, type Report } from '@virnucpro/monitor';
import { InputError } from '@virnucpro/protocol';

import { refuseMissingFolder, refuseOddTarget } from './output-target.ts';
import type { RunContext } from './run-context.ts';

/**
 * Reads the report of a run, and writes its page where it is asked for.
 *
 * @param html path of the page
 * @throws {InputError} NO_RUN, NO_REPORT (the run has not stopped yet), REPORT_UNREADABLE
 * @throws {UsageError} when there can be no page
 */
export async function reportJob(
  runDirectory: string,
  html: string | undefined,
  context: RunContext,
): Promise<Report> {
  const { fileSystem } = context;
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
  return report;
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
