import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const PROGRAM = join(process.cwd(), 'packages/orchestrator/bin/virnucpro-orchestrate.js');

/** One line of `--json` output. */
export interface ProgramEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Buffer;
  /** Standard input is left open, for `write`. */
  readonly keepsInput?: boolean;
  /** A stand-in for the program's own entry. */
  readonly entry?: string;
  /** In a process group of its own, so that it can be killed together with its workers. */
  readonly ownGroup?: boolean;
}

const running = new Set<ChildProcess>();

/** The real program as a real process. It never outlives the tests. */
export class RunningProgram {
  readonly result: Promise<ProgramResult>;
  readonly #child: ChildProcess;
  readonly #events: ProgramEvent[] = [];
  readonly #watchers = new Set<() => void>();
  #ended = false;

  constructor(args: readonly string[], options: ProgramOptions = {}) {
    this.#child = spawn(process.execPath, [options.entry ?? PROGRAM, ...args], {
      cwd: options.cwd ?? process.cwd(),
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: options.ownGroup === true,
    });
    running.add(this.#child);
    this.#child.stdin?.on('error', () => undefined);
    if (options.keepsInput !== true) this.#child.stdin?.end(options.input ?? '');
    this.result = this.#collect();
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** To its standard input; needs `keepsInput`. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends the program and all its workers at once; needs `ownGroup`. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Everything said so far. */
  get events(): readonly ProgramEvent[] {
    return this.#events;
  }

  /** Waits for the `count`-th event that fits; fails when the program ends before. */
  async event(fits: (event: ProgramEvent) => boolean, count = 1): Promise<ProgramEvent> {
    for (;;) {
      const found = this.#events.filter(fits)[count - 1];
      if (found !== undefined) return found;
      if (this.#ended)
        throw new Error(`the program ended before the event came:\n${(await this.result).stderr}`);
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  async #collect(): Promise<ProgramResult> {
    const { stdout, stderr } = this.#child;
    const out: string[] = [];
    let errors = '';
    createInterface({ input: stdout! }).on('line', (line) => {
      out.push(`${line}\n`);
      if (line.startsWith('{')) this.#events.push(JSON.parse(line) as ProgramEvent);
      this.#notify();
    });
    stderr!.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      this.#child.once('close', (...end) => resolve(end)),
    );
    running.delete(this.#child);
    this.#ended = true;
    this.#notify();
    return { code, signal, stdout: out.join(''), stderr: errors };
  }

  #notify(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}

export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  return new RunningProgram(args, options).result;
}

/** For afterEach: no program survives its test. */
export function killRunningPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
}

export async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** The checksums of the three result files. */
export async function outputHashes(runDirectory: string): Promise<Record<string, string>> {
  const names = ['embeddings.npy', 'sequences.tsv', 'failed.tsv'];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await sha256(join(runDirectory, name))] as const)),
  );
}

/** Resolves once no process has this pid. */
export async function processGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
