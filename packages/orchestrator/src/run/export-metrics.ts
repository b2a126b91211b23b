import { MetricsExporter } from '../metrics/metrics-exporter.ts';
import { createMetricsRegistry } from '../metrics/metrics-registry.ts';
import { gpusOf } from './gpu-sampling.ts';
import type { Job } from './job.ts';
import type { RunTracker } from './run-tracker.ts';

/** Starts to give the run's metrics to Prometheus, in the ways that were asked for. */
export function exportMetrics(job: Job, tracker: RunTracker): MetricsExporter {
  const { settings, manifest, devices, context, log, events } = job;
  const registry = createMetricsRegistry(
    {
      snapshot: () => tracker.snapshot(),
      measured: () => tracker.metrics.snapshot(),
      restarts: () => tracker.restarts,
      host: () => tracker.host.latest,
      gpus: () => gpusOf(devices.devices).flatMap((name) => tracker.gpus.latest(name) ?? []),
    },
    manifest.runId,
  );
  const exporter = new MetricsExporter({
    registry,
    fileSystem: context.fileSystem,
    port: settings['metrics-port'],
    host: settings['metrics-host'],
    file: settings['metrics-file'],
    onTrouble: (message) => log.warn(message),
    onListening: (url) => {
      log.info(`metrics: ${url}`);
      events.emit({ event: 'metrics-listening', url });
    },
  });
  exporter.start();
  return exporter;
}
