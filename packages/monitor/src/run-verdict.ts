/** What limits a run, in the order in which it would be mended. */
export type LimitingCause = 'input' | 'checkpoint' | 'tail' | 'start-up' | 'packing' | 'device' | 'unknown';

export interface RunVerdict {
  readonly severity: 'critical' | 'mild' | 'none';
  readonly cause: LimitingCause;
  /** One sentence for a person: what limits the run, and what to change. */
  readonly sentence: string;
}

export interface VerdictFacts {
  readonly packs: number;
  /** Time computing / time live, over all workers. */
  readonly deviceBusyShare: number | null;
  /** Time that devices waited for packs / time live. */
  readonly waitShare: number | null;
  /** Time for which computing stood still until rows were written / time live. */
  readonly writeWaitShare: number | null;
  /** Time after a device's last pack, in which others still computed / time live. */
  readonly tailShare: number | null;
  /** Tokens / budgets. */
  readonly tokenUtilization: number | null;
  /** Mean over the GPUs, by the driver; null without GPUs. */
  readonly gpuUtilizationPercent: number | null;
}

const CRITICAL_BELOW = 0.5;
const MILD_BELOW = 0.8;
const FEW_PACKS = 20;
const PACKING_BELOW = 0.8;

/** Puts busy share, waits, fill and the driver's utilization together into one cause and one piece of advice. Pure. */
export function judgeRun(facts: VerdictFacts): RunVerdict {
  const { packs, deviceBusyShare, tokenUtilization, gpuUtilizationPercent } = facts;
  if (packs < FEW_PACKS || deviceBusyShare === null)
    return verdict('none', 'unknown', 'too few packs were computed to judge what limits this run');
  const busy = Math.min(deviceBusyShare, gpuUtilizationPercent === null ? 1 : gpuUtilizationPercent / 100);
  const severity = busy < CRITICAL_BELOW ? 'critical' : busy < MILD_BELOW ? 'mild' : 'none';
  const percent = `${(100 * busy).toFixed(0)} %`;
  if (severity === 'none') {
    return tokenUtilization !== null && tokenUtilization < PACKING_BELOW
      ? verdict(
          'mild',
          'packing',
          `devices were busy ${percent} of the time, but packs only ${(100 * tokenUtilization).toFixed(0)} % full: raise --shard-tokens`,
        )
      : verdict(
          'none',
          'device',
          `the devices are the limit, as they should be: busy ${percent} of the time`,
        );
  }
  const loss = mainLoss(facts, deviceBusyShare);
  if (loss !== null)
    return verdict(severity, loss, `devices computed ${percent} of the time; ${ADVICE[loss]}`);
  if (deviceBusyShare >= MILD_BELOW) {
    return verdict(
      severity,
      'packing',
      `sessions were always busy, but GPUs computed only ${percent} of the time: raise --token-budget, so that each pack gives them more to do`,
    );
  }
  return verdict(
    severity,
    'start-up',
    `devices computed ${percent} of the time they were there; the rest is start-up and end, which a longer run makes small`,
  );
}

const ADVICE = {
  input: 'otherwise they waited for input: raise --loader-threads, or put the input on a faster disk',
  checkpoint:
    'otherwise they waited for rows to be written: put the RUN_DIR on a faster disk, or use --dtype float16',
  tail: 'otherwise they waited for the last shards of others: lower --shard-tokens, or use fewer devices for so small an input',
} as const;

/** What took more than half of the time that was lost, if one thing did. */
function mainLoss(
  { waitShare, writeWaitShare, tailShare }: VerdictFacts,
  deviceBusyShare: number,
): keyof typeof ADVICE | null {
  const half = (1 - deviceBusyShare) / 2;
  if ((tailShare ?? 0) > half) return 'tail';
  if ((writeWaitShare ?? 0) > half) return 'checkpoint';
  // The wait for a pack goes on while there is none left to come.
  return (waitShare ?? 0) > half ? 'input' : null;
}

function verdict(severity: RunVerdict['severity'], cause: LimitingCause, sentence: string): RunVerdict {
  return { severity, cause, sentence };
}
