import { scanFasta } from '@virnucpro/fasta';
import { expectedYield } from '@virnucpro/translate';

import type { ScanThreadData } from './scan-messages.ts';

/** Scans protein records, or nucleotide records for what is expected of them. */
export function scanInput({ translation, ...options }: ScanThreadData): ReturnType<typeof scanFasta> {
  return scanFasta(translation === null ? options : { ...options, expect: expectedYield(translation) });
}
