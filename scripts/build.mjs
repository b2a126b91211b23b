// Builds all packages into their dist/: TypeScript, AssemblyScript where its source changed, and the programs in bundles.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundlePrograms } from './bundle.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

run(require.resolve('typescript/bin/tsc'), ['-b']);
await compileAssembly('fasta', 'plain-records');
await compileAssembly('translate', 'nucleotide-lines');
await compileAssembly('translate', 'six-frames');
await bundlePrograms();

async function compileAssembly(packageName, name) {
  const home = join(root, 'packages', packageName);
  const source = join(home, 'assembly', `${name}.ts`);
  const target = join(home, 'dist', `${name}.wasm`);
  if (changedAt(target) > changedAt(source)) return;
  mkdirSync(dirname(target), { recursive: true });
  const options = ['-O3', '--runtime', 'stub', '--enable', 'simd', '--noAssert', '--use', 'abort='];
  const { default: compiler } = await import('assemblyscript/asc');
  const { error, stderr } = await compiler.main([source, '-o', target, ...options]);
  if (error === null) return;
  console.error(`${stderr.toString()}${error.message}`);
  process.exit(1);
}

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function run(program, args) {
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
