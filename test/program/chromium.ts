import { existsSync } from 'node:fs';

import { installPackages } from './system-package.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A real browser; installed with apt where this is allowed and there is none. @returns null where none can be had */
export function findChromium(): string | null {
  const found = () => PLACES.find((path) => existsSync(path)) ?? null;
  return found() ?? (installPackages(['chromium']) ? found() : null);
}
