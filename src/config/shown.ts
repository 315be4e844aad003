/**
 * The configuration as it may be shown: every key with its value and where it came from, without one secret.
 * An address is shown without the password in it.
 * A secret is shown by its fingerprint, which is enough to see that two servers differ; a password that a
 * person chose not even so, because a fingerprint lets guesses be tried.
 */

import { Secret } from '../base/secret.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { LoadedConfig } from './load.ts';
import { KEY_PATHS, type KeyPath, rowOf } from './schema.ts';
import type { Origin } from './source.ts';

export interface ShownKey {
  readonly key: KeyPath;
  /** null: not given. */
  readonly value: unknown;
  /** Such as `file, line 3`. */
  readonly origin: string;
  readonly about: string;
}

export function shownKeys({ values, origins }: LoadedConfig): ShownKey[] {
  return KEY_PATHS.map((key) => {
    const origin = origins.get(key) ?? { from: 'default' };
    return {
      key,
      value: shownValue(key, values[key], origin),
      origin: originText(origin),
      about: rowOf(key).about,
    };
  });
}

function shownValue(key: KeyPath, value: unknown, origin: Origin): unknown {
  const { view } = rowOf(key);
  if (value === null) return null;
  if (value instanceof Secret) {
    const print = fingerprintOf(key, value);
    return print === null ? '[secret]' : `[secret ${print}]`;
  }
  if (view === 'private') return origin.from === 'default' ? value : '[not shown]';
  return typeof value === 'object' && !Array.isArray(value)
    ? (rowOf(key).kind.toText?.(value) ?? value)
    : value;
}

/** As a person reads it: durations with their unit, nothing as a dash. */
export function shownCell({ key, value }: ShownKey): string {
  if (value === null) return '-';
  if (typeof value === 'string') return value;
  return rowOf(key).kind.toText?.(value) ?? JSON.stringify(value);
}

function originText(origin: Origin): string {
  if (origin.from === 'file') return `file, line ${origin.line}`;
  if (origin.from === 'environment') return `$${origin.variable}`;
  return origin.from === 'flag' ? `flag ${origin.flag}` : 'default';
}
