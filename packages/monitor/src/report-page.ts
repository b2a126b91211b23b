import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { bucketLabels, FILL_BUCKETS, LENGTH_BUCKETS, WAIT_BUCKETS, type Buckets } from './histograms.ts';
import { CHART_SCRIPT, PAGE_STYLE } from './report-page-assets.ts';
import type { Report } from './report.ts';

/** A result as the manifest keeps it. */
export interface PageOutput {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * report.html: one file that opens anywhere, off-line. All numbers are those of report.json, which is inside it.
 *
 * @param outputs results with their checksums; none while the run is unfinished
 */
export async function renderReportPage(report: Report, outputs: readonly PageOutput[]): Promise<string> {
  // uPlot is this package's; a bundle of another may hold this code.
  const require = createRequire(createRequire(import.meta.url).resolve('@virnucpro/monitor/package.json'));
  const [library, libraryStyle] = await Promise.all(
    ['uplot/dist/uPlot.iife.min.js', 'uplot/dist/uPlot.min.css'].map((path) =>
      readFile(require.resolve(path), 'utf8'),
    ),
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // No request leaves the page, whatever is in it.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">`,
    `<title>${text(report.status)}: ${text(report.model.name)} · virnucpro-orchestrate</title>`,
    `<style>${libraryStyle ?? ''}${PAGE_STYLE}</style></head><body><main>`,
    header(report),
    figures(report),
    nodes(report),
    ...(report.nodes.length > 0 ? ['<h2>Devices</h2>'] : courses(report)),
    workers(report),
    gpus(report),
    report.nodes.length > 0 ? '' : hostSection(report),
    '<h2>Sequences and packs</h2><div class="columns">',
    histogram('lengths', 'Length of sequences', LENGTH_BUCKETS, report.computed.lengthCounts),
    histogram('fills', 'Fill of packs', FILL_BUCKETS, report.computed.fillCounts),
    histogram('waits', 'Wait of devices for a pack', WAIT_BUCKETS, report.computed.waitCounts),
    '</div>',
    failures(report),
    outputTable(outputs),
    settings(report),
    '</main>',
    `<script type="application/json" id="report">${json(report)}</script>`,
    `<script>${library ?? ''}</script><script>${CHART_SCRIPT}</script></body></html>\n`,
  ].join('\n');
}

/** Over time; of several nodes each has its own. */
function courses(report: Report): string[] {
  return [
    '<h2>Throughput</h2><div id="throughput" class="chart" role="img" aria-label="Tokens per second over time"></div>',
    '<h2>Devices</h2>',
    lanes(report),
    '<div id="busy" class="chart" role="img" aria-label="Busy share of each device over time"></div>',
  ];
}

function nodes(report: Report): string {
  if (report.nodes.length === 0) return '';
  const head = ['node', 'status', 'started', 'time', 'workers', 'tokens', 'tokens/s', 'busy', 'page'];
  const rows = report.nodes.map((node) => [
    ...[String(node.node), node.status, node.startedAt, duration(node.elapsedMs)],
    ...[node.workers, node.tokens, node.tokensPerSecond].map(count),
    percent(node.deviceBusyShare),
    { href: node.page },
  ]);
  return `<h2>Nodes</h2>${table('nodes', head, rows)}`;
}

function header({ status, verdict, model, startedAt, elapsedMs, runId, notices }: Report): string {
  return [
    `<header><h1>${text(status)}</h1>`,
    `<p class="verdict ${verdict.severity}" id="verdict">${text(capitalised(verdict.sentence))}.</p>`,
    `<p class="muted">${text(model.name)} (${model.embeddingDim} wide, ${text(model.precision)}) · started ${text(startedAt)} · `,
    `${duration(elapsedMs)} · run ${text(runId)}</p>`,
    ...notices.map((notice) => `<p class="notice">${text(notice)}</p>`),
    '</header>',
  ].join('\n');
}

function figures({ totals, throughput, packing, computed }: Report): string {
  const figure = (id: string, value: string, label: string): string =>
    `<div class="figure"><b id="${id}">${value}</b><span>${label}</span></div>`;
  return [
    '<section class="figures">',
    figure('rows', count(totals.rows), 'rows'),
    figure('rejected', count(totals.rejected), 'rejected'),
    figure('tokens-per-second', count(throughput.tokensPerSecond), 'tokens/s'),
    figure('sequences-per-second', count(throughput.sequencesPerSecond), 'sequences/s'),
    figure('busy-share', percent(throughput.deviceBusyShare), 'devices busy'),
    ...(throughput.modelFlopsUtilization === null
      ? []
      : [figure('mfu', percent(throughput.modelFlopsUtilization), 'of the peak (MFU)')]),
    figure('fill', percent(packing.tokenUtilization), 'pack fill'),
    figure('padding-saved', percent(packing.paddingSavedShare), 'padding saved'),
    figure('copied', count(computed.copiedSequences), 'repeats not computed'),
    figure('reused', count(totals.packsReused), 'packs from before'),
    '</section>',
  ].join('\n');
}

function workers(report: Report): string {
  return table(
    'workers',
    ['worker', 'device', 'shards', 'packs', 'tokens', 'tokens/s', 'busy', 'starved', 'restarts'],
    report.workers.map((worker) => [
      String(worker.rank),
      worker.deviceName ?? worker.device,
      ...[worker.shards, worker.packs, worker.tokens, worker.tokensPerSecond].map(count),
      percent(worker.deviceBusyShare),
      percent(worker.starvedShare),
      count(worker.restarts),
    ]),
  );
}

/** Each device over the run, drawn by the page's script; the table below has the same in numbers. */
function lanes({ workers: all }: Report): string {
  const rows = all.map(
    ({ rank }) => `<div class="lane"><span>worker ${rank}</span><canvas data-rank="${rank}"></canvas></div>`,
  );
  return [
    '<div id="lanes" role="img" aria-label="What each device did over time: computing, waiting, starting; marks where it restarted">',
    ...rows,
    '<p class="muted"><i class="key computing"></i>computing <i class="key waiting"></i>waiting for packs <i class="key starting"></i>starting <i class="key restart"></i>restart</p>',
    '</div>',
  ].join('');
}

const GPU_CURVES = [
  ['utilization', 'Utilization of the GPUs'],
  ['memory', 'Memory of the GPUs in use'],
  ['power', 'Power draw of the GPUs'],
  ['temperature', 'Temperature of the GPUs'],
] as const;

function gpus({ gpus: readings }: Report): string {
  if (readings.length === 0) return '';
  const cell = (value: number | null, unit: string): string =>
    value === null ? '-' : `${count(value)} ${unit}`;
  const curves = GPU_CURVES.map(
    ([id, title]) => `<div id="gpu-${id}" class="chart" role="img" aria-label="${title} over time"></div>`,
  );
  const readingsTable = table(
    'gpus',
    ['GPU', 'name', 'utilization', 'memory, most', 'temperature, most', 'power'],
    readings.map((gpu) => [
      String(gpu.index),
      gpu.name,
      cell(gpu.averageUtilizationPercent, '%'),
      cell(gpu.maxMemoryUsedMiB, 'MiB'),
      cell(gpu.maxTemperatureC, '°C'),
      cell(gpu.averagePowerW, 'W'),
    ]),
  );
  return `<h2>GPUs</h2>${readingsTable}${curves.join('')}`;
}

function hostSection({ host }: Report): string {
  const { averageCpuPercent, maxMemoryUsedBytes, minDiskFreeBytes } = host;
  const gibibytes = (bytes: number | null) => (bytes === null ? '-' : `${(bytes / 2 ** 30).toFixed(1)} GiB`);
  const cpu = averageCpuPercent === null ? '-' : `${averageCpuPercent.toFixed(0)} %`;
  const readings = table(
    'host',
    ['load of all cores', 'memory in use, most', 'room on the disk, least'],
    [[cpu, gibibytes(maxMemoryUsedBytes), gibibytes(minDiskFreeBytes)]],
  );
  return `<h2>Machine</h2>${readings}<div id="cpu" class="chart" role="img" aria-label="Load of the machine's cores over time"></div>`;
}

/** A table whose cells are bars: readable without a script, and by a screen reader. */
function histogram(id: string, title: string, buckets: Buckets, counts: readonly number[]): string {
  const most = Math.max(1, ...counts);
  const rows = bucketLabels(buckets).map((label, index) => {
    const value = counts[index] ?? 0;
    const width = ((100 * value) / most).toFixed(1);
    return `<tr><th scope="row">${text(label)}</th><td><i style="width:${width}%"></i></td><td class="number">${count(value)}</td></tr>`;
  });
  return `<table class="histogram" id="${id}"><caption>${title} (${buckets.unit})</caption>${rows.join('')}</table>`;
}

function failures({ rejected, restarts, totals }: Report): string {
  const parts = ['<h2>What went wrong</h2>'];
  const { packsRecomputed, packsSplit } = totals;
  if (rejected.count + restarts.length + packsRecomputed + packsSplit === 0)
    return `${parts.join('')}<p>Nothing.</p>`;
  const reasons = Object.entries(rejected.byReason).map(([reason, n]) => [reason, count(n)]);
  if (reasons.length > 0) parts.push(table('rejections', ['rejected because', 'records'], reasons));
  if (restarts.length > 0) {
    const lines = restarts.map(({ rank, atMs, reason }) => [String(rank), duration(atMs), reason]);
    parts.push(table('restarts', ['worker', 'after', 'how it ended'], lines));
  }
  parts.push(
    `<p>${count(packsRecomputed)} packs computed again, ${count(packsSplit)} computed in parts.</p>`,
  );
  return parts.join('\n');
}

function outputTable(outputs: readonly PageOutput[]): string {
  if (outputs.length === 0) return '';
  const rows = outputs.map(({ name, bytes, sha256 }) => [name, count(bytes), sha256]);
  return `<h2>Results</h2>${table('outputs', ['file', 'bytes', 'sha256'], rows)}`;
}

function settings({ settings: all, versions }: Report): string {
  const rows = Object.entries(all).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const versionTable = table('versions', ['of', 'version'], Object.entries(versions));
  return `<details><summary>Settings and versions</summary>${table('settings', ['setting', 'value'], rows)}${versionTable}</details>`;
}

type Cell = string | { readonly href: string };

function table(id: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const content = (cell: Cell): string =>
    typeof cell === 'string' ? text(cell) : `<a href="${text(cell.href)}">${text(cell.href)}</a>`;
  const cells = (row: readonly Cell[]): string => row.map((cell) => `<td>${content(cell)}</td>`).join('');
  return (
    `<div class="scroll"><table id="${id}"><thead><tr>${head.map((name) => `<th scope="col">${text(name)}</th>`).join('')}</tr></thead>` +
    `<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</tbody></table></div>`
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** Inside a script element nothing may look like its end. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)} %`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
