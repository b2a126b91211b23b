// @ts-check
import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';

import { nodeFileSystem } from '@virnucpro/checkpoint/file-system';

import { claim } from './faults.mjs';

/**
 * A file system whose N-th call fails, or ends the process, before it is done; or half-way through a write.
 *
 * @param {import('./faults.mjs').FileFault | undefined} fault
 * @param {string | undefined} countCalls a file that gets the name of every call
 * @param {number | undefined} freeBytes room that the disk says it has
 * @returns {import('@virnucpro/checkpoint').DurableFileSystem}
 */
export function faultyFileSystem(fault, countCalls, freeBytes) {
  let calls = 0;

  /**
   * @param {string} name
   * @param {string} [path] of the file that a write goes to
   * @returns {boolean} true when this call is to be torn
   */
  const step = (name, path) => {
    if (countCalls !== undefined) appendFileSync(countCalls, `${name}\n`);
    if (fault?.writesTo !== undefined && (path === undefined || basename(path) !== fault.writesTo))
      return false;
    calls += 1;
    if (fault === undefined || calls !== fault.at || !claim(fault.once)) return false;
    if (fault.how === 'torn' && name === 'write') return true;
    if (fault.how !== 'fail') process.kill(process.pid, 'SIGKILL');
    const errno = fault.errno ?? 'EIO';
    throw Object.assign(new Error(`${errno}: injected at call ${calls}, ${name}`), { code: errno });
  };

  /**
   * @param {string} name
   * @param {any} call
   */
  const faulty =
    (name, call) =>
    async (/** @type {any[]} */ ...args) => {
      step(name);
      return call(...args);
    };

  /** @param {import('@virnucpro/checkpoint').DurableFile} file @param {string} path */
  const faultyFile = (file, path) => ({
    read: file.read.bind(file),
    size: file.size.bind(file),
    close: faulty('close', file.close.bind(file)),
    sync: faulty('sync', file.sync.bind(file)),
    truncate: faulty('truncate', file.truncate.bind(file)),
    write: async (/** @type {readonly Uint8Array[]} */ buffers, /** @type {number} */ position) => {
      if (!step('write', path)) return file.write(buffers, position);
      const all = Buffer.concat(buffers);
      await file.write([all.subarray(0, Math.floor(all.length / 2))], position);
      process.kill(process.pid, 'SIGKILL');
    },
    writeSync: (/** @type {Uint8Array} */ bytes, /** @type {number} */ position) => {
      if (!step('write', path)) return file.writeSync(bytes, position);
      file.writeSync(bytes.subarray(0, Math.floor(bytes.length / 2)), position);
      process.kill(process.pid, 'SIGKILL');
    },
  });

  const inner = nodeFileSystem;
  return {
    ...inner,
    freeBytes: freeBytes === undefined ? inner.freeBytes : async () => freeBytes,
    open: async (path, flags) => {
      if (flags !== 'r') step(`open ${flags}`);
      return faultyFile(await inner.open(path, flags), path);
    },
    makeDirectory: faulty('makeDirectory', inner.makeDirectory),
    rename: faulty('rename', inner.rename),
    link: faulty('link', inner.link),
    remove: faulty('remove', inner.remove),
    syncDirectory: faulty('syncDirectory', inner.syncDirectory),
  };
}
