/** Settings that stand there and do nothing: better said now than found out in the night. */
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../problem.ts';
import { KEY_PATHS, type KeyPath, rowOf } from '../schema.ts';
import { isSound, type Whole, warning } from './whole.ts';

/** `needed`: the line with which these keys would count. One that only repeats its default harms nobody. */
export function* notUsed(
  whole: Whole,
  isMeant: (key: KeyPath) => boolean,
  needed: string,
): Generator<Problem> {
  for (const key of KEY_PATHS.filter(isMeant)) {
    const isDefault = isDeepStrictEqual(whole.values[key], rowOf(key).default);
    if (!whole.given.has(key) || !isSound(whole, key) || isDefault) continue;
    const sentence = `${key} is not used without \`${needed}\``;
    yield warning(whole, 'not_used', key, sentence, `Write \`${needed}\`, or remove the line.`);
  }
}

/** Who sets a webhook relies on alarms. */
export function* notUsedYet(whole: Whole): Generator<Problem> {
  for (const key of KEY_PATHS) {
    if (!rowOf(key).later || !whole.given.has(key)) continue;
    const sentence = `${key} is understood, but nothing in this version acts on it`;
    const hint = 'It takes effect with a later version; until then do not rely on it.';
    yield warning(whole, 'not_used_yet', key, sentence, hint);
  }
}
