import { execFileSync } from 'node:child_process';

/** Two test files may install at the same time. */
const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=240'];
const TIMEOUT_MS = 300_000;

/**
 * Installs Debian packages where this is allowed. Lists of packages are fetched only when the present ones do not do:
 * that needs a network.
 *
 * @returns false where they cannot be had: the test that needs them is skipped then, and says so
 */
export function installPackages(names: readonly string[]): boolean {
  if (process.getuid?.() !== 0) return false;
  const install = ['install', '-y', '--no-install-recommends', ...names];
  return apt(install) || (apt(['update']) && apt(install));
}

function apt(args: readonly string[]): boolean {
  try {
    execFileSync('apt-get', [...APT_OPTIONS, ...args], {
      stdio: 'ignore',
      timeout: TIMEOUT_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    return true;
  } catch {
    return false;
  }
}
