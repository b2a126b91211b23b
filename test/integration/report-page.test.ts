/// <reference lib="dom" />
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
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

interface Report {
  readonly totals: { readonly rows: number };
  readonly verdict: { readonly sentence: string };
  readonly workers: readonly unknown[];
  readonly computed: { readonly lengthCounts: readonly number[]; readonly sequences: number };
}

async function runAndOpen(width: number): Promise<{ page: Page; report: Report; troubles: string[] }> {
  const out = directory.path('out');
  expect((await runProgram(faultJob(out, { workers: 2 }), withFaults({ slowMs: 80 }))).code).toBe(0);
  const page = await browser!.newPage();
  await page.setViewport({ width, height: 900 });
  const troubles: string[] = [];
  page.on('console', (message) => troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) troubles.push(`request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(`${out}/report.html`).href, { waitUntil: 'load' });
  const report = JSON.parse(await readFile(`${out}/report.json`, 'utf8')) as Report;
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
    expect(await page.$$eval('.chart canvas', (all) => all.length)).toBe(2);
    expect(await page.$$eval('#workers tbody tr', (all) => all.length)).toBe(report.workers.length);
    const lengths = await page.$$eval('#lengths .number', (all) =>
      all.map((cell) => Number(cell.textContent.replace(/,/g, ''))),
    );
    expect(lengths).toEqual(report.computed.lengthCounts);
    expect(lengths.reduce((sum, value) => sum + value)).toBe(report.computed.sequences);
    expect(await page.$$eval('#outputs tbody tr', (all) => all.length)).toBe(3);
  },
  120_000,
);

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
