import {
  BYTE_CLASS,
  byteClasses,
  CARRIAGE_RETURN,
  LINE_FEED,
  NOT_A_TOKEN,
  NUL,
  STAR,
} from './byte-classes.ts';
import { runTable, type RunTable } from './byte-run.ts';

/** What a scanner needs to know of the alphabet; made once a scan. */
export interface ScanTables {
  readonly classes: Uint8Array;
  readonly starIsResidue: boolean;
  readonly residueRun: RunTable;
  readonly headerRun: RunTable;
}

/** @param tokenOf 256 entries, 255 = not a residue letter */
export function scanTables(tokenOf: Uint8Array): ScanTables {
  const classes = byteClasses(tokenOf);
  return {
    classes,
    starIsResidue: tokenOf[STAR] !== NOT_A_TOKEN,
    residueRun: runTable((byte) => classes[byte] === BYTE_CLASS.residue),
    headerRun: runTable((byte) => byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== NUL),
  };
}
