import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Rank } from '@virnucpro/protocol';
import type { Logger } from 'winston';

/** One computed pack, as a line of the trace. */
export interface TracedPack {
  readonly shardId: number;
  readonly packIndex: number;
  readonly sequences: number;
  readonly tokens: number;
  /** Tokens of the longest sequence. */
  readonly longestTokens: number;
  readonly tokenBudget: number;
  readonly waitMs: number;
  readonly busyMs: number;
  /** Packs that waited behind it. */
  readonly queueDepth: number;
}

/** logs/trace-RANK.tsv; without a head, because it is appended to over respawns and resumes. */
function traceFileName(rank: Rank): string {
  return `trace-${rank}.tsv`;
}

/**
 * A line per pack, for whoever wants to know why one took long. Lines are gathered and written with the heartbeats.
 * A trace that cannot be written ends, and is not worth ending the work.
 */
export class PackTrace {
  readonly #path: string;
  readonly #rank: Rank;
  readonly #log: Logger;
  #lines: string[] = [];
  #ended = false;
  #written: Promise<void> = Promise.resolve();

  constructor(logDirectory: string, rank: Rank, log: Logger) {
    this.#path = join(logDirectory, traceFileName(rank));
    this.#rank = rank;
    this.#log = log;
  }

  /** @param endedAt when it was computed */
  add(pack: TracedPack, endedAt: Date): void {
    if (this.#ended) return;
    const { shardId, packIndex, sequences, tokens, longestTokens, tokenBudget } = pack;
    const fill = (tokens / Math.max(tokens, tokenBudget)).toFixed(4);
    const times = [pack.waitMs.toFixed(2), pack.busyMs.toFixed(2), pack.queueDepth];
    const fields = [shardId, packIndex, sequences, tokens, longestTokens, fill, ...times];
    this.#lines.push([endedAt.toISOString(), this.#rank, ...fields].join('\t'));
  }

  /** Resolves when all lines so far are written. Never throws. */
  flush(): Promise<void> {
    if (this.#lines.length === 0) return this.#written;
    const text = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    this.#written = this.#written.then(() => this.#append(text));
    return this.#written;
  }

  async #append(text: string): Promise<void> {
    try {
      await appendFile(this.#path, text);
    } catch (error) {
      this.#ended = true;
      this.#log.warn('the trace of packs ends here: it cannot be written', { error: String(error) });
    }
  }
}
