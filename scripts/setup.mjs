// Makes a fresh clone ready: installs with the pinned pnpm, builds. Does nothing when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampPath = join(root, 'node_modules', '.setup-stamp');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

checkNode(manifest.engines.node);
if (!installIsCurrent()) install();
build();

function checkNode(range) {
  const [wantMajor, wantMinor] = range
    .replace(/[^\d.]/g, '')
    .split('.')
    .map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  console.error(
    `This project needs Node ${range}; this is Node ${process.versions.node}. Install a newer Node.`,
  );
  process.exit(2);
}

function installFingerprint() {
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
  for (const name of readdirSync(join(root, 'packages'))) files.push(join('packages', name, 'package.json'));
  const hash = createHash('sha256').update(process.version);
  for (const file of files.sort())
    if (existsSync(join(root, file))) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function installIsCurrent() {
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === installFingerprint();
}

function install() {
  console.log('set-up: installing dependencies ...');
  const pnpm = manifest.packageManager;
  run(
    'npm',
    [
      'exec',
      '--yes',
      `--package=${pnpm}`,
      '--',
      'pnpm',
      'install',
      '--frozen-lockfile',
      '--prefer-offline',
      '--reporter=append-only',
      '--loglevel=warn',
    ],
    {
      // The provider download of onnxruntime-node is for GPU machines only.
      ONNXRUNTIME_NODE_INSTALL: 'skip',
      CI: 'true',
    },
  );
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, installFingerprint());
}

function build() {
  run(process.execPath, [join(root, 'scripts', 'build.mjs')]);
}

function run(command, args, extraEnv = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...extraEnv },
  });
  if (result.error) console.error(`set-up: could not start ${command}: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}
