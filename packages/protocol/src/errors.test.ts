import { describe, expect, test } from '@jest/globals';

import { deserializeError, InputError, isVirnucproError, serializeError } from './errors.ts';
import { parseOrchestratorMessage, parseWorkerMessage } from './messages.ts';
import { storageFailure } from './storage-failure.ts';

describe('errors between processes', () => {
  test('keep code, exit code, message and details', () => {
    const error = new InputError('DUPLICATE_ID', 'id a is there twice', { details: { ordinal: 3 } });
    const travelled = deserializeError(JSON.parse(JSON.stringify(serializeError(error))) as never);
    expect(travelled).toMatchObject({
      code: 'DUPLICATE_ID',
      exitCode: 2,
      message: 'id a is there twice',
      details: { ordinal: 3 },
    });
    expect(isVirnucproError(travelled)).toBe(true);
  });

  test('of any other kind count as unexpected', () => {
    expect(serializeError(new TypeError('x'))).toMatchObject({
      code: 'UNEXPECTED',
      exitCode: 1,
      message: 'x',
    });
    expect(serializeError('text')).toMatchObject({ message: 'text' });
  });

  test.each([
    ['ENOSPC', 'make room'],
    ['EDQUOT', 'have it raised'],
    ['EFBIG', 'raise the limit (ulimit -f)'],
    ['EIO', 'have it looked at'],
    ['EROFS', 'have it looked at'],
    ['EMFILE', 'raise the limit'],
    ['ENFILE', 'close some'],
    ['ESTALE', 'have it looked at'],
  ])('of storage that says %s can be resumed from, and say what to do', (code, remedy) => {
    const failure = storageFailure(Object.assign(new Error('write'), { code, path: '/data/x' }));
    expect(failure).toMatchObject({ code: 'STORAGE_FAILED', exitCode: 75, details: { errno: code } });
    expect(failure?.message).toContain(`/data/x (${code})`);
    expect(failure?.message).toContain(remedy);
  });

  test('of anything else are not taken for failing storage', () => {
    expect(storageFailure(new Error('write'))).toBeNull();
    expect(storageFailure(Object.assign(new Error('write'), { code: 'ENOENT' }))).toBeNull();
  });
});

describe('messages', () => {
  test('that do not fit name the sender, the type and the field', () => {
    expect(() => parseWorkerMessage({ type: 'fatal', error: 'boom' }, 'worker 3')).toThrow(
      /"fatal" from worker 3[^]*error/,
    );
    expect(() => parseOrchestratorMessage({ type: 'dance' })).toThrow(/"dance" from the orchestrator/);
    expect(() => parseWorkerMessage(null, 'worker 0')).toThrow(/type none/);
  });

  test('with unknown fields are refused', () => {
    expect(() => parseOrchestratorMessage({ type: 'drain', now: true })).toThrow(/drain/);
  });
});
