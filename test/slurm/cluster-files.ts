import { randomBytes } from 'node:crypto';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';

export interface ClusterShape {
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly cpusPerNode: number;
  readonly memoryMiBPerNode: number;
  /** One for the controller, then one for each node. */
  readonly ports: readonly number[];
}

export function nodeNames({ nodes }: Pick<ClusterShape, 'nodes'>): string[] {
  return Array.from({ length: nodes }, (_, index) => `n${index}`);
}

/** Everything that the daemons read; nothing is written outside the folder. */
export async function writeClusterFiles(directory: string, shape: ClusterShape): Promise<void> {
  for (const name of ['run', 'log', 'dev']) await mkdir(join(directory, name));
  for (const name of ['state', 'munge']) await mkdir(join(directory, name), { mode: 0o700 });
  for (const node of nodeNames(shape)) await mkdir(join(directory, 'spool', node), { recursive: true });
  // munged asks that nobody else can write to the folder of its socket.
  await chmod(directory, 0o755);
  await writeFile(join(directory, 'munge', 'key'), randomBytes(1024), { mode: 0o600 });
  // Slurm's GPUs must be character devices with a number at the end of their names; a link to one passes.
  for (let gpu = 0; gpu < shape.gpusPerNode; gpu += 1)
    await symlink('/dev/null', join(directory, 'dev', `gpu${gpu}`));
  await writeFile(join(directory, 'slurm.conf'), slurmConf(directory, shape));
  await writeFile(
    join(directory, 'gres.conf'),
    `Name=gpu File=${join(directory, 'dev')}/gpu[0-${shape.gpusPerNode - 1}]\n`,
  );
}

function slurmConf(directory: string, shape: ClusterShape): string {
  const at = (name: string): string => join(directory, name);
  const host = hostname().split('.')[0] ?? 'localhost';
  const { cpusPerNode: cpus, memoryMiBPerNode, gpusPerNode } = shape;
  const nodes = nodeNames(shape).map(
    (node, index) =>
      `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${shape.ports[index + 1]!} CPUs=${cpus} Boards=1 ` +
      `Sockets=1 CoresPerSocket=${cpus} ThreadsPerCore=1 RealMemory=${memoryMiBPerNode} Gres=gpu:${gpusPerNode} State=UNKNOWN`,
  );
  const settings: Record<string, string | number> = {
    ClusterName: 'virnucpro-test',
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmctldPort: shape.ports[0]!,
    SlurmUser: userInfo().username,
    SlurmdUser: userInfo().username,
    AuthType: 'auth/munge',
    CredType: 'cred/munge',
    // A short life of credentials: a requeued job waits for the end of its old one's.
    AuthInfo: `socket=${at('run/munge.socket')},cred_expire=5`,
    StateSaveLocation: at('state'),
    SlurmdSpoolDir: at('spool/%n'),
    SlurmctldPidFile: at('run/slurmctld.pid'),
    SlurmdPidFile: at('run/slurmd.%n.pid'),
    SlurmctldLogFile: at('log/slurmctld.log'),
    SlurmdLogFile: at('log/slurmd.%n.log'),
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    SwitchType: 'switch/none',
    MpiDefault: 'none',
    JobAcctGatherType: 'jobacct_gather/none',
    AccountingStorageType: 'accounting_storage/none',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_Core_Memory',
    DefMemPerCPU: 100,
    SlurmdParameters: 'config_overrides',
    GresTypes: 'gpu',
    ReturnToService: 2,
    SchedulerType: 'sched/backfill',
    SchedulerParameters:
      'batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1,requeue_delay=0',
    KillWait: 30,
    InactiveLimit: 0,
    MailProg: '/bin/true',
    MinJobAge: 3600,
    SlurmctldTimeout: 60,
    SlurmdTimeout: 60,
  };
  return [
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    ...nodes,
    'PartitionName=gpu Nodes=ALL Default=YES MaxTime=60 DefaultTime=30 State=UP',
    '',
  ].join('\n');
}
