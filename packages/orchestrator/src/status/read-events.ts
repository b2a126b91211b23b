import { open } from 'node:fs/promises';

import * as z from 'zod';

/** The part of a progress event that `status` shows; other fields may come and go. */
const progressSchema = z.object({
  event: z.literal('progress'),
  tokensDone: z.number(),
  tokensTotal: z.number().nullable(),
  sequencesDone: z.number(),
  tokensPerSecond: z.number(),
  etaSeconds: z.number().nullable(),
  node: z.object({ rank: z.number(), count: z.number() }).default({ rank: 0, count: 1 }),
});

const endSchema = z.object({ event: z.literal('run-ended'), status: z.enum(['complete', 'stopped']) });

export interface EventSummary {
  readonly progress: z.infer<typeof progressSchema> | null;
  /** When the last event was written. */
  readonly time: string | null;
  /** How the last attempt ended; null when it goes on, or ended without a word. */
  readonly ended: z.infer<typeof endSchema>['status'] | null;
}

const TAIL_BYTES = 64 * 1024;

/** The last progress that events.jsonl tells of. A torn last line, and a missing file, are no errors. */
export async function readLastEvents(path: string): Promise<EventSummary> {
  const lines = (await readTail(path)).split('\n').reverse();
  let progress: EventSummary['progress'] = null;
  let time: string | null = null;
  let ended: EventSummary['ended'] = null;
  for (const line of lines) {
    const event = parseLine(line);
    if (event === null) continue;
    // Of the last event only: whatever follows an end is another attempt.
    if (time === null) ended = endSchema.safeParse(event).data?.status ?? null;
    time ??= timeOf(event);
    const parsed = progressSchema.safeParse(event);
    if (!parsed.success) continue;
    progress = parsed.data;
    break;
  }
  return { progress, time, ended };
}

async function readTail(path: string): Promise<string> {
  let file;
  try {
    file = await open(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8');
  } catch {
    // A folder in its place, a disk that fails: progress is not known then.
    return '';
  } finally {
    await file.close();
  }
}

function parseLine(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function timeOf(event: object): string | null {
  return 'time' in event && typeof event.time === 'string' ? event.time : null;
}
