import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A real browser; installed with apt where this is allowed and there is none. @returns null where none can be had */
export function findChromium(): string | null {
  const found = () => PLACES.find((path) => existsSync(path)) ?? null;
  const present = found();
  if (present !== null || process.getuid?.() !== 0) return present;
  try {
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], {
      stdio: 'ignore',
      timeout: 240_000,
    });
  } catch {
    return null;
  }
  return found();
}
