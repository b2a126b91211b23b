// Every check, in the order in which they are cheapest to fail. The tests come last: their closing line ends the log.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const steps = ['setup', 'lint', 'format:check', 'typecheck', 'deps:check', 'test'];
for (const step of steps) {
  console.log(`\n== ${step}`);
  const { status } = spawnSync('npm', ['run', '--silent', step], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`check: ${step} failed`);
    process.exit(status ?? 1);
  }
}
