import { UsageError } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { WHOLE_RUN, type NodeShare } from './node-share.ts';
import { allocatedNodes, placeInArray, placeInStep, type ArrayPlace } from './slurm-place.ts';

export interface ChosenShare {
  readonly share: NodeShare;
  /** What a person should know of the choice; null when there is nothing to say. */
  readonly notice: string | null;
}

type NodeSettings = Pick<RunSettings, 'num-nodes' | 'node-rank'>;
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Which part of the run is this process's? As told; else by its place in an srun step of several tasks. A job array is
 * asked only under --num-nodes: most arrays give every task an input of its own, and a share of that would be a
 * silent loss (docs/adr/0006).
 *
 * @throws {UsageError} NODE_OPTIONS when rank and count do not fit, or cannot be found
 */
export function chooseShare(settings: NodeSettings, environment: Environment): ChosenShare {
  const { 'num-nodes': count, 'node-rank': rank } = settings;
  if (count === null) {
    if (rank !== null) throw wrong(`--node-rank ${rank} needs --num-nodes.`);
    return fromStep(environment);
  }
  if (count === 'auto') {
    if (rank !== null) throw wrong(`--node-rank ${rank} needs a number as --num-nodes, not auto.`);
    const step = placeInStep(environment);
    // A step of one task says nothing of sharing: srun in a task of an array, or a shell that srun started.
    const shared = step !== null && step.count > 1 ? step : fromWholeArray(placeInArray(environment));
    return silently(shared ?? WHOLE_RUN);
  }
  return silently({ rank: rankAmong(count, rank, environment), count });
}

function silently(share: NodeShare): ChosenShare {
  return { share, notice: null };
}

function fromStep(environment: Environment): ChosenShare {
  const step = placeInStep(environment);
  if (step !== null && step.count > 1) return silently(step);
  return { share: WHOLE_RUN, notice: step === null ? unusedNodes(environment) : null };
}

/** A batch script runs on the first node only, and a task of an array may or may not be meant to share. */
function unusedNodes(environment: Environment): string | null {
  const array = placeInArray(environment);
  if (array !== null && array.count > 1) {
    return (
      `this is task ${array.taskId} of a job array of ${array.count}: the whole input is computed here. ` +
      'To share one run among the tasks of the array, give each the same -o and --num-nodes auto'
    );
  }
  const nodes = allocatedNodes(environment);
  if (nodes === null || nodes < 2) return null;
  return `the job has ${nodes} nodes, but this runs on one of them. To use them all, start it with srun, one task per node`;
}

function rankAmong(count: number, rank: number | null, environment: Environment): number {
  if (rank !== null) {
    if (rank < count) return rank;
    throw wrong(`--node-rank is ${rank}, but with --num-nodes ${count} ranks are 0 to ${count - 1}.`);
  }
  if (count === 1) return 0;
  const step = placeInStep(environment);
  if (step?.count === count) return step.rank;
  // Tasks that are submitted again alone (--array=3,5) keep their ranks: the id is the rank.
  const array = placeInArray(environment);
  if (array !== null && array.taskId < count) return array.taskId;
  throw wrong(
    `--num-nodes ${count} needs --node-rank: ` +
      (array !== null
        ? `the job array's task id is ${array.taskId}, and ranks are 0 to ${count - 1} (--array=0-${count - 1}).`
        : `this is no task of an srun step of ${count}, nor of a job array.`),
  );
}

function fromWholeArray(array: ArrayPlace | null): NodeShare | null {
  if (array === null) return null;
  const { taskId, min, max, count } = array;
  if (max - min + 1 === count) return { rank: taskId - min, count };
  throw wrong(
    `--num-nodes auto cannot tell how many share the run: the job array has ${count} tasks with ids from ${min} to ${max}. ` +
      'Give the number: --num-nodes N; the task id is the rank then.',
  );
}

function wrong(message: string): UsageError {
  return new UsageError('NODE_OPTIONS', message);
}
