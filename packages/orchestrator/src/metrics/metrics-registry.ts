import type { GpuSample, HostSample, RunMetricsSnapshot } from '@virnucpro/monitor';
import { Counter, Gauge, Registry } from 'prom-client';

import type { ProgressSnapshot } from '../progress/progress-view.ts';

/** Where the numbers come from, at the moment of a scrape. */
export interface MetricsSource {
  readonly snapshot: () => ProgressSnapshot;
  readonly measured: () => RunMetricsSnapshot;
  /** Worker losses so far, by rank. */
  readonly restarts: () => readonly { readonly rank: number }[];
  readonly gpus: () => readonly GpuSample[];
  /** The machine's last reading. */
  readonly host: () => HostSample | null;
}

type Labelled = readonly (readonly [labels: Record<string, string>, value: number])[];

const MIB = 1024 * 1024;

/**
 * All that a run tells Prometheus: base units, counters in `_total`, one label set per worker or GPU. Numbers are read
 * when they are asked for; between scrapes nothing is computed.
 */
export function createMetricsRegistry(source: MetricsSource, runId: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ run_id: runId });
  const counter = (name: string, help: string, labelNames: string[], read: () => Labelled): void => {
    new Counter({
      ...{ name: `virnucpro_${name}`, help, labelNames, registers: [registry] },
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  };
  const gauge = (name: string, help: string, labelNames: string[], read: () => Labelled): void => {
    new Gauge({
      ...{ name: `virnucpro_${name}`, help, labelNames, registers: [registry] },
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  };
  addWorkerMetrics(source, counter);
  addRunMetrics(source, counter, gauge);
  addGpuMetrics(source, gauge);
  addHostMetrics(source, gauge);
  return registry;
}

type Add = (name: string, help: string, labelNames: string[], read: () => Labelled) => void;

function addWorkerMetrics({ measured }: MetricsSource, counter: Add): void {
  type Worker = RunMetricsSnapshot['workers'][number];
  const perWorker = (name: string, help: string, read: (worker: Worker) => number): void =>
    counter(name, help, ['worker'], () =>
      measured().workers.map((worker) => [{ worker: String(worker.rank) }, read(worker)] as const),
    );
  perWorker('tokens_computed_total', 'Tokens computed, BOS and EOS included', ({ tokens }) => tokens);
  perWorker('sequences_computed_total', 'Sequences computed', ({ sequences }) => sequences);
  perWorker('packs_computed_total', 'Packs (forward passes) computed', ({ packs }) => packs);
  perWorker('packs_starved_total', 'Packs that the device waited for more than 50 ms', (w) => w.starvedPacks);
  perWorker('budget_tokens_total', 'Tokens that the computed packs had room for', (w) => w.budgetTokens);
  perWorker('device_busy_seconds_total', 'Time that the device computed', ({ busyMs }) => busyMs / 1000);
  perWorker(
    'write_wait_seconds_total',
    'Time for which no pack was taken, because rows were still being written',
    ({ writeWaitMs }) => writeWaitMs / 1000,
  );
  perWorker(
    'device_wait_seconds_total',
    'Time that the device waited for packs',
    ({ waitMs }) => waitMs / 1000,
  );
}

function addRunMetrics({ snapshot, restarts }: MetricsSource, counter: Add, gauge: Add): void {
  counter('worker_restarts_total', 'Workers that ended early', ['worker'], () =>
    snapshot().workers.map(
      ({ rank }) => [{ worker: String(rank) }, restarts().filter((r) => r.rank === rank).length] as const,
    ),
  );
  gauge('queue_depth', 'Packs that wait for the device', ['worker'], () =>
    snapshot().workers.map(({ rank, queueDepth }) => [{ worker: String(rank) }, queueDepth] as const),
  );
  gauge('workers_ready', 'Workers that can compute', [], () => [
    [{}, snapshot().workers.filter(({ state }) => state === 'ready').length],
  ]);
  gauge('tokens_done', 'Tokens done, earlier attempts included', [], () => [[{}, snapshot().tokensDone]]);
  gauge('tokens_expected', 'Tokens of the whole input, as far as it was scanned', [], () => [
    [{}, snapshot().tokensTotal ?? snapshot().tokensScanned],
  ]);
  gauge('sequences_done', 'Sequences done, earlier attempts included', [], () => [
    [{}, snapshot().sequencesDone],
  ]);
  gauge('eta_seconds', 'Time left; absent while it is not known', [], () => {
    const { etaSeconds } = snapshot();
    return etaSeconds === null ? [] : [[{}, etaSeconds]];
  });
}

function addHostMetrics({ host }: MetricsSource, gauge: Add): void {
  const ofHost = (name: string, help: string, read: (sample: HostSample) => number | null): void =>
    gauge(name, help, [], () => {
      const sample = host();
      const value = sample === null ? null : read(sample);
      return value === null ? [] : [[{}, value]];
    });
  ofHost('host_cpu_ratio', 'Load of all cores together', ({ cpuPercent }) =>
    cpuPercent === null ? null : cpuPercent / 100,
  );
  ofHost('host_memory_used_bytes', 'Memory in use, without caches', ({ memoryUsedBytes }) => memoryUsedBytes);
  ofHost('disk_free_bytes', 'Room on the file system of the results', ({ diskFreeBytes }) => diskFreeBytes);
}

function addGpuMetrics({ gpus }: MetricsSource, gauge: Add): void {
  const perGpu = (name: string, help: string, read: (gpu: GpuSample) => number | null): void =>
    gauge(name, help, ['gpu', 'uuid'], () =>
      gpus().flatMap((gpu) => {
        const value = read(gpu);
        return value === null ? [] : [[{ gpu: String(gpu.index), uuid: gpu.uuid }, value] as const];
      }),
    );
  perGpu(
    'gpu_utilization_ratio',
    'Share of the time in which a kernel ran',
    ({ utilizationPercent: percent }) => (percent === null ? null : percent / 100),
  );
  perGpu('gpu_memory_used_bytes', 'Device memory in use', ({ memoryUsedMiB: mib }) =>
    mib === null ? null : mib * MIB,
  );
  perGpu('gpu_memory_free_bytes', 'Device memory that is free', ({ memoryFreeMiB: mib }) =>
    mib === null ? null : mib * MIB,
  );
  perGpu('gpu_sm_clock_hertz', 'Clock of the multiprocessors', ({ smClockMHz }) =>
    smClockMHz === null ? null : smClockMHz * 1e6,
  );
  perGpu('gpu_temperature_celsius', 'Temperature', ({ temperatureC }) => temperatureC);
  perGpu('gpu_power_watts', 'Power draw', ({ powerW }) => powerW);
}
