/** What the monitor needs of a logger; winston's fits. */
export interface MonitorLogger {
  debug(message: string): unknown;
  info(message: string): unknown;
  warn(message: string): unknown;
  error(message: string): unknown;
}
