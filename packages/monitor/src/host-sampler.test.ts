import { expect, test } from '@jest/globals';

import { HostSampler, type HostSample } from './host-sampler.ts';
import { HostStatistics } from './host-statistics.ts';

test('reads the machine again and again, and a reading that fails is null', async () => {
  const samples: HostSample[] = [];
  await new Promise<void>((resolve) => {
    const sampler = new HostSampler({
      intervalMs: 1,
      readDiskFreeBytes: () =>
        samples.length === 0 ? Promise.resolve(7e9) : Promise.reject(new Error('gone')),
      onSample: (sample) => {
        samples.push(sample);
        if (samples.length < 3) return;
        sampler.stop();
        resolve();
      },
    });
    sampler.start();
  });
  expect(samples[0]?.memoryUsedBytes).toBeGreaterThan(1e6);
  expect(samples[0]?.cpuPercent).toBeGreaterThanOrEqual(0);
  expect(samples.map(({ diskFreeBytes }) => diskFreeBytes)).toEqual([7e9, null, null]);
});

test('statistics leave out what was not read', () => {
  const statistics = new HostStatistics();
  expect(statistics.summary()).toMatchObject({ averageCpuPercent: null, minDiskFreeBytes: null, course: [] });
  statistics.add({ cpuPercent: 20, memoryUsedBytes: 5, diskFreeBytes: 100 }, 0);
  statistics.add({ cpuPercent: null, memoryUsedBytes: 9, diskFreeBytes: null }, 1000);
  statistics.add({ cpuPercent: 40, memoryUsedBytes: 7, diskFreeBytes: 80 }, 2000);
  expect(statistics.summary()).toMatchObject({
    averageCpuPercent: 30,
    maxMemoryUsedBytes: 9,
    minDiskFreeBytes: 80,
  });
  expect(statistics.summary().course).toHaveLength(3);
});
