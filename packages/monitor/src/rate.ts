/** @returns amount per second over a span of ms; 0 while no time has passed */
export function perSecond(amount: number, spanMs: number): number {
  return spanMs > 0 ? (1000 * amount) / spanMs : 0;
}
