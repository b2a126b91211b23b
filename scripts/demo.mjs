// The main job on real input, end to end: embeds the proteins of a real phage on two CPU workers.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, 'packages', 'orchestrator', 'bin', 'virnucpro-orchestrate.js');
const args = [
  'examples/phage_SAOMS1.faa',
  '-o',
  'demo-out',
  '--device',
  'cpu',
  '--workers',
  '2',
  '--force-restart',
];

console.log(`$ npx virnucpro-orchestrate ${args.join(' ')}\n`);
const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
if (status === 0) console.log('\nNext: npx virnucpro-orchestrate verify demo-out');
process.exit(status ?? 1);
