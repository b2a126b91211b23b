import type { OrchestratorMessage } from '@virnucpro/protocol';

import type { SessionOptions } from '../session/inference-session.ts';
import type { WarmUp } from '../session/warm-up.ts';

export type InitMessage = Extract<OrchestratorMessage, { type: 'init' }>;

const SPECIAL_TOKENS = 2;

/** The session that the parent asks for. */
export function sessionOptions({ config, device }: InitMessage): SessionOptions {
  return {
    graphPath: config.graphPath,
    fallbackGraphPath: config.fallbackGraphPath,
    provider: device.provider,
    threads: config.threadsPerWorker,
    disablePrepacking: config.disablePrepacking,
    embeddingDim: config.embeddingDim,
    dtype: config.dtype,
  };
}

/** The largest packs there may be; null when they are not to be tried before the start. */
export function warmUpOf({ config, device, warmUp }: InitMessage): WarmUp | null {
  if (!warmUp) return null;
  const tokens = config.packing === 'packed' ? config.tokenBudget : 0;
  return {
    tokens,
    maxSequenceTokens: config.maxResidues + SPECIAL_TOKENS,
    device: device.physical === null ? device.label : `${device.label} (${device.physical.name})`,
  };
}
