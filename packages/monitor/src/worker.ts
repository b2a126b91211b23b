/** What runs inside a worker: without the report, the samplers and their libraries, so that workers start fast. */
export { GpuMonitor } from './gpu-monitor.ts';
export { lengthCounts } from './histograms.ts';
export { MetricsAccumulator } from './metrics-accumulator.ts';
