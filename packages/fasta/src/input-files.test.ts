import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { resolveInputFiles } from './input-files.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fasta-input-files-'));
});

afterEach(async () => rm(folder, { recursive: true }));

async function put(name: string, content: string | Uint8Array = '>a\nMK\n'): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

test('a directory stands for its FASTA files by name, its subdirectories and other files left out', async () => {
  await mkdir(join(folder, 'sub'));
  await mkdir(join(folder, 'sub', 'deeper.d'));
  for (const name of ['b.fasta', 'a.faa', 'C.FA', 'd.fna.gz', 'e.fas', 'notes.txt', '._a.faa', 'g.faa.bak']) {
    await put(join('sub', name));
  }
  const files = await resolveInputFiles([join(folder, 'sub')]);
  const expected = ['C.FA', 'a.faa', 'b.fasta', 'd.fna.gz', 'e.fas'].map((name) => join(folder, 'sub', name));
  expect(files.map(({ displayPath }) => displayPath)).toEqual(expected);
});

test('gzip is told by its bytes, not by its name', async () => {
  const zipped = await put('zipped.faa', gzipSync('>a\nMK\n'));
  const plain = await put('plain.faa.gz');
  const files = await resolveInputFiles([zipped, plain, '-']);
  expect(files.map(({ kind }) => kind)).toEqual(['gzip', 'plain', 'stdin']);
  expect(files[1]).toEqual({ displayPath: plain, path: plain, kind: 'plain', bytes: 6 });
  expect(files[2]).toEqual({ displayPath: '-', path: '', kind: 'stdin', bytes: null });
});

test('one file under two names, or standard input twice, is an error', async () => {
  const path = await put('a.faa');
  await symlink(path, join(folder, 'link.faa'));
  const twice = { code: 'INPUT_GIVEN_TWICE' };
  await expect(resolveInputFiles([path, join(folder, 'link.faa')])).rejects.toMatchObject(twice);
  await expect(resolveInputFiles([folder])).rejects.toMatchObject(twice);
  await expect(resolveInputFiles(['-', '-'])).rejects.toMatchObject(twice);
});

test('what cannot be used is named, with what to do', async () => {
  const missing = join(folder, 'missing.faa');
  await expect(resolveInputFiles([missing])).rejects.toMatchObject({
    code: 'INPUT_NOT_FOUND',
    exitCode: 2,
    message: `${missing} does not exist. Check the path.`,
  });
  await expect(resolveInputFiles([folder])).rejects.toMatchObject({ code: 'INPUT_DIRECTORY_EMPTY' });
  await expect(resolveInputFiles([await put('empty.faa', '')])).rejects.toMatchObject({
    code: 'INPUT_EMPTY',
  });
  await expect(resolveInputFiles(['/dev/null'])).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: expect.stringContaining('not a regular file'),
  });
});

test('a directory named like a FASTA file is not read as one', async () => {
  await mkdir(join(folder, 'x.fa'));
  await expect(resolveInputFiles([folder])).rejects.toMatchObject({ code: 'INPUT_DIRECTORY_EMPTY' });
});

const unlessRoot = process.getuid?.() === 0 ? test.skip : test;

unlessRoot('a file without read permission is unreadable', async () => {
  const path = await put('secret.faa');
  await chmod(path, 0);
  await expect(resolveInputFiles([path])).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: expect.stringContaining('permission denied'),
  });
});
