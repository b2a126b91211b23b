import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { parseGpuSample, type GpuSample } from './gpu-sample.ts';
import { GpuSampler } from './gpu-sampler.ts';
import { GpuStatistics } from './gpu-statistics.ts';

const line = (index: number, utilization: string): string =>
  `${index}, GPU-${index}${index}, NVIDIA H100 80GB HBM3, ${utilization}, 61000, 20000, 55, [N/A], 1980`;

let directory = '';
const path = process.env['PATH'];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-smi-'));
  process.env['PATH'] = `${directory}:${path}`;
});
afterEach(async () => {
  process.env['PATH'] = path;
  await rm(directory, { recursive: true, force: true });
});

/** A stand-in for the driver's tool; it notes each start. */
async function fakeSmi(body: string): Promise<void> {
  const script = join(directory, 'nvidia-smi');
  await writeFile(script, `#!/bin/bash\necho "$*" >> '${directory}/starts'\n${body}\n`);
  await chmod(script, 0o755);
}

const starts = async (): Promise<string[]> =>
  (await readFile(join(directory, 'starts'), 'utf8')).trim().split('\n');
const printAll = [0, 1, 2, 3]
  .map((index) => `echo '${line(index, index === 2 ? '[N/A]' : String(90 + index))}'`)
  .join('\n');

/** Samples until so many readings came, or the sampler is given up. */
async function sample(wanted: number): Promise<{ samples: GpuSample[]; givenUp: string | null }> {
  const samples: GpuSample[] = [];
  let givenUp: string | null = null;
  await new Promise<void>((resolve) => {
    const sampler = new GpuSampler({
      intervalMs: 50,
      silenceMs: 300,
      restartDelayMs: 10,
      onSample: (found) => {
        if (samples.push(found) < wanted) return;
        sampler.stop();
        resolve();
      },
      onGivenUp: (reason) => {
        givenUp = reason;
        resolve();
      },
    });
    sampler.start();
  });
  return { samples, givenUp };
}

describe('the sampler', () => {
  test('reads four GPUs from one long-lived process, missing fields as null', async () => {
    await fakeSmi(`while true; do\n${printAll}\nsleep 0.05; done`);
    const { samples } = await sample(8);
    expect(await starts()).toHaveLength(1);
    expect((await starts())[0]).toContain('-lms 50');
    expect(samples[0]).toEqual({
      ...{ index: 0, uuid: 'GPU-00', name: 'NVIDIA H100 80GB HBM3', utilizationPercent: 90 },
      ...{ memoryUsedMiB: 61000, memoryFreeMiB: 20000, temperatureC: 55, powerW: null, smClockMHz: 1980 },
    });
    expect(samples[2]).toMatchObject({ index: 2, utilizationPercent: null });
    const statistics = new GpuStatistics();
    samples.forEach((found) => statistics.add(found, 0));
    expect(statistics.summary().map(({ averageUtilizationPercent }) => averageUtilizationPercent)).toEqual([
      90,
      91,
      null,
      93,
    ]);
    expect(statistics.latest('GPU-33')?.index).toBe(3);
    expect(statistics.latest('1')?.uuid).toBe('GPU-11');
    expect(statistics.latest('7')).toBeNull();
  });

  test('that dies is started again', async () => {
    await fakeSmi(`${printAll}\nexit 9`);
    const { samples } = await sample(12);
    expect(samples).toHaveLength(12);
    expect((await starts()).length).toBeGreaterThanOrEqual(3);
  });

  test('that hangs is killed, tried again, and given up once, with the reason', async () => {
    await fakeSmi('exec sleep 1000');
    const { samples, givenUp } = await sample(1);
    expect(samples).toEqual([]);
    expect(givenUp).toContain('SIGKILL');
    expect(await starts()).toHaveLength(3);
  });

  test('that is a script, whose own child holds the pipe, is ended as well', async () => {
    await fakeSmi(`sleep 1000 &\necho $! >> '${directory}/children'\nwait`);
    try {
      expect((await sample(1)).givenUp).toContain('SIGKILL');
    } finally {
      const children = await readFile(join(directory, 'children'), 'utf8');
      for (const pid of children.trim().split('\n')) process.kill(Number(pid));
    }
  });

  test('that is not installed is given up at once', async () => {
    process.env['PATH'] = join(directory, 'nowhere');
    expect((await sample(1)).givenUp).toContain('could not be started');
  });
});

test.each(['', 'No devices were found', 'index, uuid, name', '0, GPU-1, H100, 5'])(
  '%j is no reading',
  (text) => {
    expect(parseGpuSample(text)).toBeNull();
  },
);
