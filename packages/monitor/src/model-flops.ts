/** Peak of one kind of device, in floating-point operations per second. */
export interface DevicePeak {
  /** Part of the device's name. */
  readonly match: string;
  readonly fp16FlopsPerSecond: number;
  readonly fp32FlopsPerSecond: number;
}

export interface ModelWork {
  readonly tokensPerSecond: number;
  readonly parameters: number;
  /** As in the report: fp16 counts against the half-precision peak, all else against the other. */
  readonly precision: string;
}

/**
 * Model FLOPs utilization: the share of a device's peak that the model's own arithmetic takes, at two operations per
 * parameter and token. Attention over the sequence is left out, as is usual (Chowdhery et al. 2022, PaLM, appendix B).
 *
 * @param peaks in order; the first whose `match` is in the name counts
 * @returns 0 … 1, or null when the device is not in the table
 */
export function modelFlopsUtilization(
  deviceName: string,
  { tokensPerSecond, parameters, precision }: ModelWork,
  peaks: readonly DevicePeak[],
): number | null {
  const peak = peaks.find(({ match }) => deviceName.includes(match));
  if (peak === undefined) return null;
  const flopsPerSecond = precision === 'fp16' ? peak.fp16FlopsPerSecond : peak.fp32FlopsPerSecond;
  return (2 * parameters * tokensPerSecond) / flopsPerSecond;
}
