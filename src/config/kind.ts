/**
 * The kinds of value a key can have: each reads one plain value strictly into its type, or says what is wrong
 * with it. Nothing is converted by guess: "8768" is not a number and `yes` is not true. secret-kind.ts has the
 * kinds whose values are never shown, address-kind.ts those of the network.
 */
import { resolve } from 'node:path';
import { escapeControls } from '../base/log.ts';
import type { ProblemCode } from './problem.ts';

/** A value as YAML gives it. What comes as text, from environment and flags, goes through `fromText` first. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

export interface Fault {
  readonly ok: false;
  readonly code: ProblemCode;
  /** What is wrong, when that says more than what was found and what is expected. Never the value of a secret. */
  readonly sentence?: string;
  readonly hint?: string;
}

export type Reading<T> = { readonly ok: true; readonly value: T } | Fault;

/** A part of a JSON Schema (draft 2020-12). */
export type JsonSchema = { readonly [keyword: string]: unknown };

export interface Kind<T> {
  /** Such as "a whole number from 1 to 65535". */
  readonly expected: string;
  /** A value that is right, as the file would spell it. */
  readonly example: string;
  /** What an editor can check while somebody types; `read` may be stricter, never laxer. */
  readonly schema: JsonSchema;
  /** `folder`: what a relative path in the value is relative to. */
  read(plain: Plain, folder: string): Reading<T>;
  fromText(text: string): Plain;
  /** The value as the file would spell it, for people; where it is missing, the value speaks for itself. */
  toText?(value: T): string;
}

export const good = <T>(value: T): Reading<T> => ({ ok: true, value });
export const bad = (code: ProblemCode, details: Omit<Fault, 'ok' | 'code'> = {}): Fault => ({
  ok: false,
  code,
  ...details,
});

export const asIs = (text: string): Plain => text;

/** Longest found text that is shown. Shorter than any secret we make: one that stands under a wrong key stays unseen. */
const SHOWN_MAX_LENGTH = 40;

/** What was found, for people. Hides what is long, runs over lines or may hold credentials (URLs). */
export function describeFound(plain: Plain): string {
  if (plain === null) return 'nothing';
  if (typeof plain === 'number') return `the number ${plain}`;
  if (typeof plain === 'boolean') return `${plain}`;
  if (typeof plain === 'object') return Array.isArray(plain) ? 'a list' : 'a section';
  if (plain === '') return 'an empty text';
  const hidden = plain.length > SHOWN_MAX_LENGTH || /[\n@]|:\/\//.test(plain);
  return hidden ? `a text of ${plain.length} characters` : `the text "${escapeControls(plain)}"`;
}

/** The same for what may be a secret: a password without quotes can be a number to YAML. */
export function describeHidden(plain: Plain): string {
  if (plain === null || typeof plain === 'object') return describeFound(plain);
  const what = typeof plain === 'string' ? 'text' : typeof plain;
  return `a ${what} that is not shown`;
}

export function flag(): Kind<boolean> {
  return {
    expected: 'true or false',
    example: 'true',
    schema: { type: 'boolean' },
    read: (plain) => (typeof plain === 'boolean' ? good(plain) : bad('wrong_type')),
    fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
  };
}

const numberFromText = (text: string): Plain => (/^\d{1,15}$/.test(text) ? Number(text) : text);

export function integer(min: number, max: number): Kind<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    example: String(min),
    schema: { type: 'integer', minimum: min, maximum: max },
    read(plain) {
      if (typeof plain !== 'number' || !Number.isSafeInteger(plain)) return bad('wrong_type');
      return plain < min || plain > max ? bad('out_of_range') : good(plain);
    },
    fromText: numberFromText,
  };
}

const DURATION = /^(\d{1,9})([smhd])$/;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Whole seconds. */
export function duration(min: number, max: number): Kind<number> {
  return {
    expected: `a duration from ${durationText(min)} to ${durationText(max)}: whole seconds, or a number with s, m, h or d`,
    example: durationText(min),
    schema: {
      anyOf: [
        { type: 'integer', minimum: min, maximum: max },
        { type: 'string', pattern: DURATION.source },
      ],
    },
    read(plain) {
      const seconds = secondsOf(plain);
      if (seconds === undefined) return bad(typeof plain === 'string' ? 'bad_value' : 'wrong_type');
      return seconds < min || seconds > max ? bad('out_of_range') : good(seconds);
    },
    fromText: numberFromText,
    toText: durationText,
  };
}

function secondsOf(plain: Plain): number | undefined {
  if (typeof plain === 'number') return Number.isSafeInteger(plain) ? plain : undefined;
  if (typeof plain !== 'string') return undefined;
  const [, count, unit = ''] = DURATION.exec(plain) ?? [];
  const factor = UNIT_SECONDS[unit];
  return factor === undefined ? undefined : Number(count) * factor;
}

export function durationText(seconds: number): string {
  const unit =
    ['d', 'h', 'm'].find((name) => seconds > 0 && seconds % (UNIT_SECONDS[name] ?? 1) === 0) ?? 's';
  return `${seconds / (UNIT_SECONDS[unit] ?? 1)}${unit}`;
}

interface TextRule {
  readonly expected: string;
  readonly example: string;
  readonly pattern: RegExp;
}

/** Texts that stand for "not given": the seeds' package builder wrote such placeholders. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(['', '$' + '{HOSTNAME}', '$' + '{NODE_ID}']);

export function text(rule: TextRule): Kind<string> {
  return {
    expected: rule.expected,
    example: rule.example,
    schema: { type: 'string', pattern: rule.pattern.source },
    read(plain) {
      if (typeof plain !== 'string') return bad('wrong_type', quoteHint(plain));
      return rule.pattern.test(plain) ? good(plain) : bad('bad_value');
    },
    fromText: asIs,
  };
}

/** A text that may also be empty or a placeholder, which is the same as not given. */
export function textOrPlaceholder(rule: TextRule): Kind<string | null> {
  const kind = text(rule);
  return {
    ...kind,
    schema: { anyOf: [{ enum: [...PLACEHOLDERS] }, kind.schema] },
    read: (plain, folder) =>
      typeof plain === 'string' && PLACEHOLDERS.has(plain) ? good(null) : kind.read(plain, folder),
  };
}

/** `node_id: 007` is a number to YAML, and would lose its zeros. */
export function quoteHint(plain: Plain): { hint?: string } {
  return typeof plain === 'number' || typeof plain === 'boolean'
    ? { hint: 'Put the value between double quotes, so that it is read as text.' }
    : {};
}

export function choice<const T extends string>(...choices: readonly [T, ...T[]]): Kind<T> {
  return {
    expected: `one of ${choices.join(', ')}`,
    example: choices[0],
    schema: { enum: choices },
    read(plain) {
      if (typeof plain !== 'string') return bad('wrong_type');
      const found = choices.find((one) => one === plain);
      return found === undefined ? bad('bad_value') : good(found);
    },
    fromText: asIs,
  };
}

/** Absolute when read. */
export function path(example: string): Kind<string> {
  return {
    expected: 'a path',
    example,
    schema: { type: 'string', minLength: 1, maxLength: PATH_MAX_LENGTH },
    read(plain, folder) {
      if (typeof plain !== 'string') return bad('wrong_type', quoteHint(plain));
      return isPath(plain) ? good(resolve(folder, plain)) : bad('bad_value');
    },
    fromText: asIs,
  };
}

/** Bytes that a path may have on macOS and Linux (PATH_MAX of macOS). */
const PATH_MAX_LENGTH = 1024;

export function isPath(plain: string): boolean {
  return plain !== '' && plain.length <= PATH_MAX_LENGTH && !/\p{Cc}/u.test(plain);
}

/** Entries of any list. Arbitrary. */
const LIST_MAX_LENGTH = 64;

export function list<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    expected: `a list of at most ${LIST_MAX_LENGTH} entries, each ${item.expected}`,
    example: `[${JSON.stringify(item.example)}]`,
    schema: { type: 'array', maxItems: LIST_MAX_LENGTH, items: item.schema },
    read(plain, folder) {
      if (!Array.isArray(plain)) return bad('wrong_type');
      if (plain.length > LIST_MAX_LENGTH) return bad('out_of_range');
      const values: T[] = [];
      for (const [index, one] of plain.entries()) {
        const reading = item.read(one, folder);
        if (!reading.ok)
          return {
            sentence: `entry ${index + 1} is ${describeFound(one)}; expected ${item.expected}`,
            ...reading,
          };
        values.push(reading.value);
      }
      return good(values);
    },
    fromText: (given) => (given === '' ? [] : given.split(',').map((one) => item.fromText(one.trim()))),
  };
}

/** Names with plain values under them. */
export function map(example: string): Kind<Readonly<Record<string, Plain>>> {
  return {
    expected: 'a section of names and values',
    example,
    schema: { type: 'object' },
    read: (plain) =>
      typeof plain === 'object' && plain !== null && !Array.isArray(plain)
        ? good(plain as Readonly<Record<string, Plain>>)
        : bad('wrong_type'),
    fromText: asIs,
  };
}
