import {
  nodePaths,
  rankOfNodeDirectory,
  readRunLock,
  runPaths,
  type DurableFileSystem,
  type ObservedLock,
} from '@virnucpro/checkpoint';

/** A node of which the run folder holds records. */
export interface KnownNode {
  readonly rank: number;
  /** Who holds its lock; null when nobody does. */
  readonly lock: ObservedLock | null;
}

/** All nodes that have ever worked in a run folder, by rank. */
export async function readNodes(fileSystem: DurableFileSystem, runDirectory: string): Promise<KnownNode[]> {
  const names = await fileSystem.listDirectories(runPaths(runDirectory).nodesDirectory);
  const ranks = names.map(rankOfNodeDirectory).filter((rank) => rank !== null);
  ranks.sort((a, b) => a - b);
  return Promise.all(
    ranks.map(async (rank) => ({
      rank,
      lock: await readRunLock(fileSystem, nodePaths(runDirectory, rank).lock),
    })),
  );
}

/** Those of them that work there now. */
export async function readLiveNodes(
  fileSystem: DurableFileSystem,
  runDirectory: string,
): Promise<{ readonly rank: number; readonly lock: ObservedLock }[]> {
  const nodes = await readNodes(fileSystem, runDirectory);
  return nodes.flatMap(({ rank, lock }) => (lock?.alive === true ? [{ rank, lock }] : []));
}
