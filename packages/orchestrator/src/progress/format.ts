/** 3725 -> "1:02:05". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** 130 s, [115, 160] -> "2:10 (1:55 to 2:40)". */
export function formatEta(seconds: number, band: readonly [number, number] | null): string {
  const eta = formatDuration(seconds);
  if (band === null) return eta;
  const [least, most] = band.map(formatDuration);
  return least === most ? eta : `${eta} (${least ?? ''} to ${most ?? ''})`;
}

/** 1234567 -> "1,234,567". Not by Intl, whose first use is a good part of a short command (ADR 0011). */
export function formatCount(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** 1500000 -> "1.5 MB". */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[power] ?? 'B'}`;
}
