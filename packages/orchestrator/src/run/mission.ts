import type { ExecutionProvider } from '@virnucpro/protocol';

import { WHOLE_RUN, type NodeShare } from '../nodes/node-share.ts';

/** What this process is to do with the run. */
export type Mission =
  /** Compute a share of the shards; the whole run is merged as well. */
  | { readonly kind: 'compute'; readonly share: NodeShare }
  /** Merge what nodes computed; without workers. */
  | {
      readonly kind: 'merge';
      /** Merge what is there, even if shards are missing. */
      readonly partial: boolean;
      /** On which the run is computed. */
      readonly device: ExecutionProvider;
    };

export function shareOf(mission: Mission): NodeShare {
  return mission.kind === 'compute' ? mission.share : WHOLE_RUN;
}
