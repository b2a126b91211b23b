import type { Rank } from '@virnucpro/protocol';

import type { WorkerLoss } from '../supervisor/supervisor-events.ts';

/** One line for the log: who, how, in which state, with what in hand, and what happens now. */
export function describeLoss(
  rank: Rank,
  { exit, error, killedFor, releasedLeases, restartInMs }: WorkerLoss,
): string {
  const how =
    exit.signal === null
      ? `ended with code ${exit.code ?? '?'}`
      : killedFor === null
        ? `was ended by ${exit.signal}${signalHint(exit.signal)}`
        : `was killed (${killedFor})`;
  const said = error === null ? '' : ` (${error.message})`;
  const held = releasedLeases.map(({ shard }) => shard.shardId);
  const shards =
    held.length === 0 ? '' : `; shard${held.length === 1 ? '' : 's'} ${held.join(', ')} returned`;
  const next =
    restartInMs === null ? 'it is given up' : `it starts again in ${(restartInMs / 1000).toFixed(2)} s`;
  return `worker ${rank} ${how}${said} while ${exit.state}${shards}; ${next}`;
}

/** The kernel says nothing itself, so the likely sender is named. */
function signalHint(signal: NodeJS.Signals): string {
  switch (signal) {
    case 'SIGKILL':
      return ', from outside or for lack of memory (see dmesg)';
    case 'SIGSEGV':
    case 'SIGBUS':
    case 'SIGABRT':
    case 'SIGILL':
      return ', a crash in native code';
    default:
      return '';
  }
}
