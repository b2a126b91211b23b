import { setTimeout } from 'node:timers/promises';

const INTERVAL_MS = 50;

/**
 * Looks again and again until what is looked for is there; for states of other programs, which send no event.
 *
 * @param look its first result that is not null ends the wait
 * @throws {Error} after the deadline, with what `describe` says of the state by then
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | null>,
  describe: () => Promise<string>,
  deadlineMs = 60_000,
): Promise<Found> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`${what} did not come:\n${await describe()}`);
    await setTimeout(INTERVAL_MS);
  }
}
