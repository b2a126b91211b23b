export {
  GpuMonitor,
  type DataLoaderWait,
  type GpuMonitorOptions,
  type GpuMonitorStatistics,
  type InferenceThroughput,
} from './gpu-monitor.ts';
export {
  PACKING_ERROR_BELOW,
  PACKING_WARNING_BELOW,
  type DataLoaderStatistics,
  type NoStatistics,
} from './loader-statistics.ts';
export { addMetrics, MetricsAccumulator, NO_METRICS, type BatchMeasurement } from './metrics-accumulator.ts';
export type { MonitorLogger } from './monitor-logger.ts';
export {
  FULL_BELOW_MS,
  inferQueueState,
  STARVED_ABOVE_MS,
  type DataLoaderMetrics,
  type QueueState,
} from './queue-state.ts';
export {
  buildReport,
  DEMO_MODEL_NOTICE,
  REPORT_VERSION,
  reportSchema,
  reportStatusSchema,
  type Report,
  type ReportInput,
  type ReportStatus,
  type ReportWorker,
} from './report.ts';
export {
  RunMetrics,
  type MetricsSummary,
  type RunMetricsSnapshot,
  type WorkerMetrics,
} from './run-metrics.ts';
export { Throughput, type ThroughputSnapshot } from './throughput.ts';
export {
  type BottleneckSeverity,
  type BottleneckVerdict,
  type UtilizationSummary,
} from './utilization-window.ts';
export { parseGpuSample, type GpuSample } from './gpu-sample.ts';
export { GpuSampler, type GpuSamplerOptions } from './gpu-sampler.ts';
export { bucketLabels, FILL_BUCKETS, LENGTH_BUCKETS, lengthCounts, WAIT_BUCKETS } from './histograms.ts';
export { combineReports, type NodeReport } from './combine-reports.ts';
export { renderReportPage, type PageOutput } from './report-page.ts';
export { modelFlopsUtilization, type DevicePeak, type ModelWork } from './model-flops.ts';
export { Timeline, type TimelinePoint } from './timeline.ts';
export { HostSampler, type HostSample, type HostSamplerOptions } from './host-sampler.ts';
export { HostStatistics, type HostSummary } from './host-statistics.ts';
export { GpuStatistics, type GpuSummary } from './gpu-statistics.ts';
export { judgeRun, type RunVerdict, type VerdictFacts } from './run-verdict.ts';
