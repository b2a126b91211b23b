const MOST_EDITS = 2;

/** The name that a mistyped one was most likely meant to be; null when none is near. */
export function closestName(typed: string, names: Iterable<string>): string | null {
  let closest: string | null = null;
  // A short word is within two letters of nearly anything.
  let limit = Math.min(MOST_EDITS, Math.ceil(typed.length / 2) - 1);
  for (const name of names) {
    const distance = editDistance(typed, name);
    if (distance > limit || (closest !== null && distance === limit)) continue;
    closest = name;
    limit = distance;
  }
  return closest;
}

/** Letters to insert, delete or replace (Levenshtein). */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 0; row < from.length; row += 1) {
    let left = row + 1;
    above = above.map((deleted, column) => {
      if (column === 0) return left;
      const isSame = from[row] === to[column - 1];
      left = Math.min((above[column - 1] ?? 0) + (isSame ? 0 : 1), deleted + 1, left + 1);
      return left;
    });
  }
  return above.at(-1) ?? 0;
}
