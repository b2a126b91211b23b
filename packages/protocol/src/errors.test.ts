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

  test('of full or failing storage can be resumed from, and say what to do', () => {
    const full = Object.assign(new Error('write'), { code: 'ENOSPC', path: '/data/x' });
    expect(storageFailure(full)).toMatchObject({
      exitCode: 75,
      message: expect.stringContaining('/data/x (ENOSPC)') as unknown,
    });
    expect(storageFailure(new Error('write'))).toBeNull();
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
