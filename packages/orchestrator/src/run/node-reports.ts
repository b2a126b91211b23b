import { dirname, relative } from 'node:path';

import { nodePaths } from '@virnucpro/checkpoint';
import { reportSchema, type NodeReport, type Report } from '@virnucpro/monitor';

import { readNodes } from '../nodes/live-nodes.ts';
import type { Job } from './job.ts';

/** What the nodes reported that a merge merges; one without a readable report of this run is left out, and said. */
export async function readNodeReports(job: Job): Promise<NodeReport[]> {
  const { mission, context, paths, manifest, log } = job;
  if (mission.kind !== 'merge') return [];
  const found: NodeReport[] = [];
  for (const { rank } of await readNodes(context.fileSystem, paths.directory)) {
    const { reportJson, reportHtml } = nodePaths(paths.directory, rank);
    const report = await context.fileSystem.readFile(reportJson).then(parseReport, () => null);
    if (report?.runId === manifest.runId)
      found.push({ node: rank, report, page: relative(paths.directory, reportHtml) });
    else log.warn(`node ${rank} left no report of this run in ${dirname(reportJson)}`);
  }
  return found;
}

function parseReport(content: Buffer): Report | null {
  try {
    return reportSchema.parse(JSON.parse(content.toString('utf8')));
  } catch {
    return null;
  }
}
