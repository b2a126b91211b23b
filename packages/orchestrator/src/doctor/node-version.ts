import { ok, warn, type Finding } from './finding.ts';

/** The oldest that the tests run on; package.json says the same. */
const OLDEST = [20, 15] as const;

/** @param version as process.version: v20.15.0 */
export function probeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (!isOld) return ok('Node', version);
  return warn('Node', version, `Install Node ${OLDEST.join('.')} or newer.`);
}
