/** "Did you mean": the name that a misspelt one is nearest to, or none. Never guesses far. */

/** Of a name this long, one letter in three may be wrong, but no more than this many. */
const EDITS_MAX = 3;
/** Characters beyond which a name is no misspelling of ours; bounds the work on a hostile file. */
const NAME_MAX_LENGTH = 64;

export function nearest<T extends string>(given: string, names: readonly T[]): T | undefined {
  if (given.length > NAME_MAX_LENGTH) return undefined;
  const wanted = fold(given);
  const allowed = Math.min(EDITS_MAX, Math.max(1, Math.floor(wanted.length / 3)));
  let best: { name: T; edits: number } | undefined;
  for (const name of names) {
    const edits = editDistance(wanted, fold(name));
    if (edits <= allowed && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { name, edits };
  }
  return best?.name;
}

/** redisHost, redis-host and REDIS_HOST are all spellings of redis_host, and so is it in full-width letters. */
const fold = (name: string) =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[-_\s]/g, '');

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + change);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) edits = Math.min(edits, (before[j - 2] ?? 0) + 1);
      next.push(edits);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
