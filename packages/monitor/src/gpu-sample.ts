/** One reading of one GPU; null where the driver says [N/A] or nothing. */
export interface GpuSample {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  /** Share of the time in which a kernel ran, by the driver. */
  readonly utilizationPercent: number | null;
  readonly memoryUsedMiB: number | null;
  readonly memoryFreeMiB: number | null;
  readonly temperatureC: number | null;
  readonly powerW: number | null;
  readonly smClockMHz: number | null;
}

/** Columns of `nvidia-smi --query-gpu`, in the order of the sample's fields. */
export const GPU_QUERY =
  'index,uuid,name,utilization.gpu,memory.used,memory.free,temperature.gpu,power.draw,clocks.sm';

/** @returns null for a line that is no reading (a header, a message, a torn line) */
export function parseGpuSample(line: string): GpuSample | null {
  const fields = line.split(',').map((field) => field.trim());
  const [index, uuid, name] = fields;
  if (fields.length < 9 || index === undefined || !/^\d+$/.test(index) || !uuid || !name) return null;
  const number = (position: number): number | null => {
    const text = fields[position] ?? '';
    const value = text === '' ? NaN : Number(text);
    return Number.isFinite(value) ? value : null;
  };
  return {
    index: Number(index),
    uuid,
    name,
    utilizationPercent: number(3),
    memoryUsedMiB: number(4),
    memoryFreeMiB: number(5),
    temperatureC: number(6),
    powerW: number(7),
    smClockMHz: number(8),
  };
}
