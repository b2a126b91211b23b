/// <reference lib="dom" />
import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { renderReportPage, reportSchema, type Report } from '@virnucpro/monitor';
import { toRank } from '@virnucpro/protocol';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

import { faultJob, withFaults } from '../faults/faults.ts';
import { findChromium } from '../program/chromium.ts';
import { killRunningPrograms, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
const chromium = findChromium();
if (chromium === null) console.warn('skipped: no Chromium here, and none can be installed');
const inBrowser = chromium === null ? test.skip : test;

let browser: Browser | null = null;
beforeAll(async () => {
  if (chromium === null) return;
  browser = await puppeteer.launch({ executablePath: chromium, args: ['--no-sandbox'] });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  killRunningPrograms();
});

interface Opened {
  readonly page: Page;
  readonly report: Report;
  readonly troubles: string[];
}

async function runAndOpen(width: number): Promise<Opened> {
  const out = directory.path('out');
  expect((await runProgram(faultJob(out, { workers: 2 }), withFaults({ slowMs: 80 }))).code).toBe(0);
  return open(
    `${out}/report.html`,
    JSON.parse(await readFile(`${out}/report.json`, 'utf8')) as Report,
    width,
  );
}

async function open(path: string, report: Report, width: number): Promise<Opened> {
  const page = await browser!.newPage();
  await page.setViewport({ width, height: 900 });
  const troubles: string[] = [];
  page.on('console', (message) => troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) troubles.push(`request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(path).href, { waitUntil: 'load' });
  return { page, report, troubles };
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => element.textContent);

inBrowser(
  'report.html opens off-line without an error, with charts, and its numbers are those of report.json',
  async () => {
    const { page, report, troubles } = await runAndOpen(1200);
    expect(troubles).toEqual([]);
    expect(await textOf(page, '#rows')).toBe(String(report.totals.rows));
    expect((await textOf(page, '#verdict')).toLowerCase()).toContain(report.verdict.sentence.toLowerCase());
    expect(await page.$$eval('.chart canvas', (all) => all.length)).toBe(charts(report));
    expect(await paintedLanes(page)).toBe(report.workers.length);
    expect(await page.$$eval('#workers tbody tr', (all) => all.length)).toBe(report.workers.length);
    const lengths = await page.$$eval('#lengths .number', (all) =>
      all.map((cell) => Number(cell.textContent.replace(/,/g, ''))),
    );
    expect(lengths).toEqual(report.computed.lengthCounts);
    expect(lengths.reduce((sum, value) => sum + value)).toBe(report.computed.sequences);
    const versions = await page.$$eval('#versions tbody td', (all) => all.map((cell) => cell.textContent));
    expect(versions).toEqual(Object.entries(report.versions).flat());
    expect(report.versions['node']).toBe(process.version);
    expect(report.versions['onnxruntime-node']).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await page.$$eval('#outputs tbody tr', (all) => all.length)).toBe(3);
  },
  120_000,
);

inBrowser(
  'report.html of a run on GPUs has their curves, and marks where a worker restarted',
  async () => {
    const { report: onCpu } = await runAndOpen(1200);
    const course = [0, 1000, 2000, 3000].map((atMs) => ({
      ...{
        atMs,
        utilizationPercent: 90 + atMs / 1000,
        memoryUsedMiB: 40_000,
        temperatureC: 60,
        powerW: null,
      },
    }));
    const gpus = [0, 1].map((index) => ({
      ...{ index, uuid: `GPU-${String(index)}`, name: 'NVIDIA H100 80GB HBM3', samples: 4, course },
      ...{
        averageUtilizationPercent: 91,
        maxMemoryUsedMiB: 40_000,
        maxTemperatureC: 60,
        averagePowerW: null,
      },
    }));
    const restarts = [{ rank: toRank(0), atMs: onCpu.elapsedMs / 2, reason: 'killed by SIGKILL' }];
    const report = reportSchema.parse({ ...onCpu, gpus, restarts });
    const path = directory.path('gpus.html');
    await writeFile(path, await renderReportPage(report, []));
    const { page, troubles } = await open(path, report, 1200);
    expect(troubles).toEqual([]);
    expect(await page.$$eval('.chart canvas', (all) => all.length)).toBe(4 + charts(report));
    expect(await page.$$eval('#gpus tbody tr', (all) => all.length)).toBe(2);
    const drawn = await page.$eval('canvas[data-rank="0"]', (canvas) => {
      const { width, height } = canvas;
      const middle = Math.round(width / 2);
      return [...canvas.getContext('2d')!.getImageData(middle, height >> 1, 1, 1).data];
    });
    expect(drawn[0]).toBeGreaterThan(2 * drawn[2]!);
  },
  120_000,
);

/** Throughput and busy shares, and the machine's load, where the run was long enough for a curve. */
function charts({ host }: Report): number {
  return host.course.length < 2 ? 2 : 3;
}

/** Devices whose lane shows something. */
function paintedLanes(page: Page): Promise<number> {
  return page.$$eval(
    '#lanes canvas',
    (all) =>
      all.filter((lane) => {
        const canvas = lane;
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value) => value > 0);
      }).length,
  );
}

inBrowser(
  'report.html needs no sideways scrolling on a phone',
  async () => {
    const { page } = await runAndOpen(390);
    const { content, screen } = await page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      screen: window.innerWidth,
    }));
    expect(content).toBeLessThanOrEqual(screen);
  },
  120_000,
);
