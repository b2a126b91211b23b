/** 0.931 as "93.1 %". */
export function percentText(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
