// Puts the modules of each program, and of the libraries it uses, into a few files: a process starts in half the time.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What starts as a process or a thread, and what other programs import; a file of that name in dist/ for each. */
const PROGRAMS = {
  orchestrator: { index: 'index.ts', main: 'cli/main.ts', 'scan-thread': 'scan/scan-thread.ts' },
  'gpu-worker': {
    index: 'index.ts',
    main: 'main.ts',
    session: 'session.ts',
    'session-thread': 'session/session-thread.ts',
    'loader-thread': 'loader/loader-thread.ts',
  },
};

/** Native code, and what looks for files beside itself, or must be one and the same for all. */
const LEFT_OUTSIDE = ['@node-rs/crc32', 'onnxruntime-common', 'onnxruntime-node', 'piscina'];

/** CommonJS libraries, put into an ES module, ask for it. */
const REQUIRE = [
  "import { createRequire as requireFrom } from 'node:module';",
  'const require = requireFrom(import.meta.url);',
].join('\n');

/** Only the CommonJS entry of yargs 17 breaks lines of its help between words. */
const YARGS = createRequire(join(root, 'packages', 'orchestrator', 'package.json')).resolve('yargs');

export async function bundlePrograms() {
  await Promise.all(Object.entries(PROGRAMS).map(([name, entries]) => bundle(name, entries)));
}

async function bundle(packageName, entries) {
  const home = join(root, 'packages', packageName);
  const target = join(home, 'dist');
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(
      Object.entries(entries).map(([name, source]) => [name, join(home, 'src', source)]),
    ),
    outdir: target,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@virnucpro/source'],
    external: LEFT_OUTSIDE,
    alias: { yargs: YARGS },
    banner: { js: REQUIRE },
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
    write: false,
  });
  replaceChanged(target, outputFiles);
}

/** A build that changes nothing touches nothing: a program that runs may still load its files. */
function replaceChanged(target, files) {
  mkdirSync(target, { recursive: true });
  const kept = new Set(files.map(({ path }) => basename(path)));
  for (const { path, text } of files) if (textOf(path) !== text) writeFileSync(path, text);
  for (const name of readdirSync(target)) {
    if (/\.js(\.map)?$/.test(name) && !kept.has(name)) rmSync(join(target, name));
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
