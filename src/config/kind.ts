/**
 * The kinds of value a key can have: each reads one plain value strictly into its type, or says what is wrong
 * with it. Nothing is converted by guess: "8768" is not a number and `yes` is not true. secret-kind.ts has the
 * kinds whose values are never shown.
 */
import { isAbsolute, resolve } from 'node:path';
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

export interface Kind<T> {
  /** Such as "a whole number from 1 to 65535". */
  readonly expected: string;
  /** A value that is right, as the file would spell it. */
  readonly example: string;
  /** `folder`: what a relative path in the value is relative to. */
  read(plain: Plain, folder: string): Reading<T>;
  fromText(text: string): Plain;
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
    read: (plain) => (typeof plain === 'boolean' ? good(plain) : bad('wrong_type')),
    fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
  };
}

const numberFromText = (text: string): Plain => (/^\d{1,15}$/.test(text) ? Number(text) : text);

export function integer(min: number, max: number): Kind<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    example: String(min),
    read(plain) {
      if (typeof plain !== 'number' || !Number.isSafeInteger(plain)) return bad('wrong_type');
      return plain < min || plain > max ? bad('out_of_range') : good(plain);
    },
    fromText: numberFromText,
  };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Whole seconds. */
export function duration(min: number, max: number): Kind<number> {
  return {
    expected: `a duration from ${durationText(min)} to ${durationText(max)}: whole seconds, or a number with s, m, h or d`,
    example: durationText(min),
    read(plain) {
      const seconds = secondsOf(plain);
      if (seconds === undefined) return bad(typeof plain === 'string' ? 'bad_value' : 'wrong_type');
      return seconds < min || seconds > max ? bad('out_of_range') : good(seconds);
    },
    fromText: numberFromText,
  };
}

function secondsOf(plain: Plain): number | undefined {
  if (typeof plain === 'number') return Number.isSafeInteger(plain) ? plain : undefined;
  if (typeof plain !== 'string') return undefined;
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(plain) ?? [];
  const factor = UNIT_SECONDS[unit];
  return factor === undefined ? undefined : Number(count) * factor;
}

function durationText(seconds: number): string {
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
    read: (plain, folder) =>
      typeof plain === 'string' && PLACEHOLDERS.has(plain) ? good(null) : kind.read(plain, folder),
  };
}

/** `node_id: 007` is a number to YAML, and would lose its zeros. */
function quoteHint(plain: Plain): { hint?: string } {
  return typeof plain === 'number' || typeof plain === 'boolean'
    ? { hint: 'Put the value between double quotes, so that it is read as text.' }
    : {};
}

export function choice<const T extends string>(...choices: readonly [T, ...T[]]): Kind<T> {
  return {
    expected: `one of ${choices.join(', ')}`,
    example: choices[0],
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
    read(plain, folder) {
      if (typeof plain !== 'string') return bad('wrong_type', quoteHint(plain));
      return isPath(plain) ? good(resolve(folder, plain)) : bad('bad_value');
    },
    fromText: asIs,
  };
}

/** Bytes that a path may have on macOS and Linux (PATH_MAX of macOS). */
const PATH_MAX_LENGTH = 1024;

function isPath(plain: string): boolean {
  return plain !== '' && plain.length <= PATH_MAX_LENGTH && !/\p{Cc}/u.test(plain);
}

/** Entries of any list. Arbitrary. */
const LIST_MAX_LENGTH = 64;

export function list<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    expected: `a list of at most ${LIST_MAX_LENGTH} entries, each ${item.expected}`,
    example: `[${JSON.stringify(item.example)}]`,
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
    read: (plain) =>
      typeof plain === 'object' && plain !== null && !Array.isArray(plain)
        ? good(plain as Readonly<Record<string, Plain>>)
        : bad('wrong_type'),
    fromText: asIs,
  };
}

// Addresses

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const HOST_RULE = { expected: 'a host name or an IP address', example: '10.0.1.50' };

/** The URL parser knows every spelling of IPv6 (RFC 4291), so no second grammar for it stands here. */
const isIpv6 = (given: string) => /^[0-9a-fA-F:.]+$/.test(given) && URL.canParse(`http://[${given}]/`);
const isIp = (given: string) => IPV4.test(given) || isIpv6(given);
/** Only digits and dots is meant as an address, so it has to be one: 10.0.0.666 is no name. */
const isHost = (given: string) => isIp(given) || (NAME.test(given) && !/^[\d.]+$/.test(given));

function checkedText(
  rule: { expected: string; example: string },
  test: (given: string) => boolean,
): Kind<string> {
  return {
    ...rule,
    read(plain) {
      if (typeof plain !== 'string') return bad('wrong_type', quoteHint(plain));
      return test(plain) ? good(plain) : bad('bad_value');
    },
    fromText: asIs,
  };
}

export const host = (): Kind<string> => checkedText(HOST_RULE, isHost);

export const hostAndPort = (): Kind<string> =>
  checkedText({ expected: 'host:port', example: '10.0.1.51:26379' }, (given) => {
    const [, name = '', port] = /^(.{1,255}):(\d{1,5})$/.exec(given) ?? [];
    const bracketed = /^\[(.*)\]$/.exec(name)?.[1];
    return Number(port) >= 1 && Number(port) <= 65_535 && (bracketed ? isIpv6(bracketed) : isHost(name));
  });

export const network = (): Kind<string> =>
  checkedText({ expected: 'an IP address or a CIDR range', example: '10.0.0.0/8' }, (given) => {
    const [address = '', bits, ...rest] = given.split('/');
    if (rest.length > 0 || !isIp(address)) return false;
    return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (IPV4.test(address) ? 32 : 128));
  });

export function isLoopback(given: string): boolean {
  return given === 'localhost' || given === '::1' || (IPV4.test(given) && given.startsWith('127.'));
}

/** The address of a server, without a path; read as `https://host[:port]`. */
export function serverUrl(): Kind<string> {
  return {
    expected: 'http:// or https:// with a host, without a path, user name or password',
    example: 'https://fleet.example.com:8768',
    read(plain) {
      if (typeof plain !== 'string') return bad('wrong_type');
      const plausible = /^https?:\/\/[^\s@/?#\\]+\/?$/.test(plain) && URL.canParse(plain);
      return plausible ? good(new URL(plain).origin) : bad('bad_value');
    },
    fromText: asIs,
  };
}

/** A web address of any form; some carry a token in their path, so none is shown. */
export const webhook = (): Kind<string> =>
  checkedText(
    { expected: 'a https:// address', example: 'https://hooks.example.com/fleet' },
    (given) => /^https:\/\/\S+$/.test(given) && URL.canParse(given),
  );

export interface DatabaseAddress {
  readonly engine: 'sqlite';
  readonly path: string;
}

export function databaseUrl(): Kind<DatabaseAddress> {
  return {
    expected: 'sqlite: and a path',
    example: 'sqlite:data/fleet.db',
    read(plain, folder) {
      if (typeof plain !== 'string') return bad('wrong_type');
      if (/^postgres(?:ql)?:/.test(plain)) {
        return bad('postgres_not_yet', {
          sentence: 'PostgreSQL comes with the next version; this one keeps its data in SQLite',
          hint: 'Write `url: sqlite:data/fleet.db`, or remove the line.',
        });
      }
      const [, given = ''] = /^sqlite:(?:\/\/(?=\/))?(.*)$/.exec(plain) ?? [];
      const usable = isPath(given) && !(given.startsWith('//') || given.endsWith('/'));
      return usable
        ? good({ engine: 'sqlite', path: isAbsolute(given) ? given : resolve(folder, given) })
        : bad('bad_value');
    },
    fromText: asIs,
  };
}
