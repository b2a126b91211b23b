import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { until } from '../program/until.ts';
import { nodeNames, writeClusterFiles, type ClusterShape } from './cluster-files.ts';
import { DAEMON_PATH } from './find-slurm.ts';

const run = promisify(execFile);

/** A real Slurm of several nodes on this machine, with GPUs that are none. */
export class LocalCluster {
  readonly directory: string;
  /** What makes sbatch and the others talk to this cluster. */
  readonly clientEnvironment: Readonly<Record<string, string>>;
  readonly #nodes: readonly string[];

  private constructor(directory: string, shape: ClusterShape) {
    this.directory = directory;
    this.clientEnvironment = { SLURM_CONF: join(directory, 'slurm.conf') };
    this.#nodes = nodeNames(shape);
  }

  /** Starts the daemons and waits until every node is idle. */
  static async start(shape: Omit<ClusterShape, 'ports'>): Promise<LocalCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'virnucpro-slurm-'));
    const complete = { ...shape, ports: await freePorts(shape.nodes + 1) };
    await writeClusterFiles(directory, complete);
    const cluster = new LocalCluster(directory, complete);
    try {
      await cluster.#startDaemons();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async #startDaemons(): Promise<void> {
    const at = (name: string): string => join(this.directory, name);
    await this.call('munged', [
      `--socket=${at('run/munge.socket')}`,
      `--key-file=${at('munge/key')}`,
      `--pid-file=${at('run/munged.pid')}`,
      `--log-file=${at('munge/munged.log')}`,
      `--seed-file=${at('munge/seed')}`,
      '--num-threads=2',
    ]);
    await this.call('slurmctld', ['-c', '-f', at('slurm.conf')]);
    for (const node of this.#nodes) await this.startNode(node);
    const idle = async () => {
      const listed = await this.call('sinfo', ['-h', '-N', '-t', 'idle', '-o', '%N']).catch(() => '');
      return listed.trim().split('\n').length === this.#nodes.length && listed !== '' ? true : null;
    };
    await until('an idle cluster', idle, () => this.describe());
  }

  async startNode(node: string): Promise<void> {
    await this.call('slurmd', ['-N', node, '-f', join(this.directory, 'slurm.conf')]);
  }

  /** Runs one of Slurm's programs. @returns what it wrote to standard output */
  async call(program: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run(program, [...args], {
      env: { ...process.env, PATH: DAEMON_PATH, ...this.clientEnvironment },
      timeout: 30_000,
    });
    return stdout;
  }

  /** For messages of tests that fail. */
  async describe(): Promise<string> {
    const queue = await this.call('squeue', ['-a', '-r', '-t', 'all', '-o', '%i %T %r %N']).catch(String);
    const log = await readFile(join(this.directory, 'log', 'slurmctld.log'), 'utf8').catch(() => '');
    return `${queue}\n${log.split('\n').slice(-30).join('\n')}`;
  }

  /** The processes of all jobs on one node, and its daemon, at once: what a power failure does. */
  async killNode(node: string): Promise<void> {
    const daemon = await this.#pidOf(`slurmd.${node}`);
    for (const pid of await descendantsOf(await this.#stepDaemons(node))) kill(pid, 'SIGKILL');
    if (daemon !== null) kill(daemon, 'SIGKILL');
  }

  /** A slurmstepd is no child of its slurmd, but it writes to its log. */
  async #stepDaemons(node: string): Promise<number[]> {
    const log = join(this.directory, 'log', `slurmd.${node}.log`);
    const { stdout } = await run('ps', ['-eo', 'pid=,args=']);
    const lines = stdout.split('\n').filter((line) => line.includes('slurmstepd: ['));
    const pids = lines.map((line) => Number.parseInt(line, 10));
    const writers = await Promise.all(
      pids.map(async (pid) => ((await openFiles(pid)).includes(log) ? [pid] : [])),
    );
    return writers.flat();
  }

  /** Ends the jobs, then exactly the daemons that were started here. */
  async stop(): Promise<void> {
    const jobs = (await this.call('squeue', ['-h', '-o', '%A']).catch(() => '')).split('\n').filter(Boolean);
    if (jobs.length > 0) {
      await this.call('scancel', [...new Set(jobs)]).catch(() => undefined);
      const gone = async () => ((await this.call('squeue', ['-h']).catch(() => '')) === '' ? true : null);
      await until('the end of all jobs', gone, () => this.describe()).catch(() => undefined);
    }
    for (const name of [...this.#nodes.map((node) => `slurmd.${node}`), 'slurmctld', 'munged'])
      await this.#stopDaemon(name);
    await rm(this.directory, { recursive: true, force: true });
  }

  async #stopDaemon(name: string): Promise<void> {
    const pid = await this.#pidOf(name);
    if (pid === null) return;
    kill(pid, 'SIGTERM');
    const gone = async () => ((await this.#pidOf(name)) === null ? true : null);
    await until(`the end of ${name}`, gone, () => Promise.resolve(name), 10_000).catch(() =>
      kill(pid, 'SIGKILL'),
    );
  }

  /** Of a living daemon of this cluster; a pid that was used again is not taken for one. */
  async #pidOf(name: string): Promise<number | null> {
    const pid = Number(await readFile(join(this.directory, 'run', `${name}.pid`), 'utf8').catch(() => ''));
    if (!Number.isInteger(pid) || pid <= 0) return null;
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return commandLine.includes(this.directory) ? pid : null;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

async function openFiles(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => '')));
}

/** The processes and all their children, and theirs. */
async function descendantsOf(pids: readonly number[]): Promise<number[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=']);
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const found = [...pids];
  for (const parent of found) for (const [pid, ppid] of pairs) if (ppid === parent) found.push(pid!);
  return found;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
