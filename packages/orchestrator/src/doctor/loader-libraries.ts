import { basename, join } from 'node:path';

import type { Machine } from './machine.ts';

/** A shared library as the dynamic loader finds it. */
export interface FoundLibrary {
  readonly soname: string;
  readonly path: string;
  /** From the name of the file behind the links: libcudnn.so.9.8.0 is 9.8.0. */
  readonly version: string;
}

/** Where the loader looks for libraries that no program brings along. */
export interface LibraryPlaces {
  /** LD_LIBRARY_PATH. */
  readonly directories: readonly string[];
  /** The loader's cache: paths by name. */
  readonly cache: ReadonlyMap<string, string>;
}

const CACHE_LINE = /^\s*(\S+) \(([^)]*)\) => (\S+)$/;
const CACHE_ARCHITECTURE: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86-64', arm64: 'AArch64' };

export async function libraryPlaces(machine: Machine): Promise<LibraryPlaces> {
  // Not every user's PATH has /sbin.
  const listing = (await machine.run('ldconfig', '-p')) ?? (await machine.run('/sbin/ldconfig', '-p')) ?? '';
  const directories = (machine.environment['LD_LIBRARY_PATH'] ?? '').split(':').filter((path) => path !== '');
  return { directories, cache: parseCache(listing, process.arch) };
}

/** Reads the output of `ldconfig -p`; the first entry of a name counts. Pure. */
export function parseCache(listing: string, arch: NodeJS.Architecture): ReadonlyMap<string, string> {
  const wanted = CACHE_ARCHITECTURE[arch] ?? '';
  const cache = new Map<string, string>();
  for (const line of listing.split('\n')) {
    const [, soname, flags, path] = CACHE_LINE.exec(line) ?? [];
    if (soname === undefined || flags === undefined || path === undefined) continue;
    if (flags.includes(wanted) && !cache.has(soname)) cache.set(soname, path);
  }
  return cache;
}

/** In the order of the loader: LD_LIBRARY_PATH, then its cache (ld.so(8)). */
export async function findLibrary(
  machine: Machine,
  { directories, cache }: LibraryPlaces,
  soname: string,
): Promise<FoundLibrary | null> {
  for (const directory of directories) {
    if ((await machine.list(directory)).includes(soname))
      return describe(machine, soname, join(directory, soname));
  }
  const path = cache.get(soname);
  return path === undefined ? null : describe(machine, soname, path);
}

async function describe(machine: Machine, soname: string, path: string): Promise<FoundLibrary> {
  const file = basename(await machine.realPath(path));
  const version = /\.so\.([\d.]+)$/.exec(file)?.[1] ?? /\.so\.([\d.]+)$/.exec(soname)?.[1] ?? 'unknown';
  return { soname, path, version };
}

/** What a library needs, by name; null where the loader does not find it. Pure. @param listing of `ldd` */
export function parseLdd(listing: string): ReadonlyMap<string, string | null> {
  const needed = new Map<string, string | null>();
  for (const line of listing.split('\n')) {
    const [, soname, path] = /^\s*(\S+) => (not found|\S+)/.exec(line) ?? [];
    if (soname !== undefined && path !== undefined) needed.set(soname, path === 'not found' ? null : path);
  }
  return needed;
}
