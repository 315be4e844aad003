/**
 * Canonical JSON (RFC 8785) over the subset that records use: plain objects and arrays, ASCII names, safe
 * integers, well-formed strings, bounded depth. One value has one text, so bytes that are not canonical are
 * refused whole: that disposes of duplicate names, odd spacing, second spellings of numbers and malleable
 * copies in one rule, instead of massaging a JSON parser into a signature format.
 */
import canonicalize from 'canonicalize';
import { decodeUtf8 } from '../base/bytes.ts';
import { RECORD_MAX_DEPTH } from './limits.ts';

export type JsonObject = { readonly [name: string]: unknown };

/** A value known to be inside the subset, as parseCanonical() and inSubset() find it. */
export interface Canonical {
  readonly value: JsonObject;
  /** Whether every object lists its names in canonical order; without some of its members it still does. */
  readonly sorted: boolean;
}

export type Parsing =
  | ({ readonly ok: true } & Canonical)
  | { readonly ok: false; readonly code: 'malformed' | 'not_canonical'; readonly reason: string };

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII, control characters and all
const ASCII = /^[\x00-\x7f]*$/;

/** Takes parsed JSON, or a plainCopy(). Throws TypeError for a value outside the subset: what cannot be read back is not signed. */
export function inSubset(value: JsonObject): Canonical {
  const found = survey(value);
  if (typeof found === 'string') throw new TypeError(`not canonical JSON: ${found}`);
  return found;
}

/** The canonical text of what inSubset() takes. */
export function canonicalText(value: JsonObject): string {
  return encode(inSubset(value));
}

/**
 * The canonical text. Where all names stand in order, JSON.stringify writes it, which follows RFC 8785 in all else,
 * several times faster than the library. Names that look like array indices are always listed first by the language,
 * so an object that has them may be unsorted, whatever its text was.
 */
export function encode({ value, sorted }: Canonical): string {
  return sorted ? JSON.stringify(value) : (canonicalize(value) ?? '');
}

/**
 * A copy by value for what did not come from JSON text, so that nothing can show one value to the check and another
 * to the encoder: own enumerable data properties alone, in fresh plain objects and arrays. A hidden toJSON stays
 * behind, a proxy is asked once, an accessor is not asked at all: TypeError.
 */
export function plainCopy(value: JsonObject): JsonObject {
  return copyOf(value, 1) as JsonObject;
}

function copyOf(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > RECORD_MAX_DEPTH)
    throw new TypeError(`not canonical JSON: Nested deeper than ${RECORD_MAX_DEPTH}`);
  const item = (name: string) => copyOf(dataOf(value, name), depth + 1);
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, i) => item(String(i)));
  if (!isPlain(value)) throw new TypeError('not canonical JSON: An object is not a plain one');
  return Object.fromEntries(Object.keys(value).map((name) => [name, item(name)]));
}

function dataOf(owner: object, name: string): unknown {
  const property = Object.getOwnPropertyDescriptor(owner, name);
  if (property !== undefined && !('value' in property)) {
    throw new TypeError('not canonical JSON: An accessor is not a value');
  }
  return property?.value;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Bytes in, a JSON object out, or why not. The caller has bounded the size. */
export function parseCanonical(bytes: Uint8Array): Parsing {
  const text = decodeUtf8(bytes);
  if (text === undefined) return refused('malformed', 'Not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('malformed', 'Not JSON');
  }
  if (!isObject(value)) return refused('malformed', 'Not a JSON object');
  const found = survey(value);
  if (typeof found === 'string') return refused('malformed', found);
  if (encode(found) !== text) return refused('not_canonical', 'Not in canonical form');
  return { ok: true, ...found };
}

function refused(code: 'malformed' | 'not_canonical', reason: string): Parsing {
  return { ok: false, code, reason };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What one walk over the value finds; why it is outside the subset, where it is. */
function survey(value: JsonObject): Canonical | string {
  const walk = new Walk();
  return walk.faultOf(value, 1) ?? { value, sorted: walk.sorted };
}

class Walk {
  /** Whether every object lists its names in canonical order; says nothing once there is a fault. */
  sorted = true;

  /** Why the value is outside the subset; undefined when it is inside. */
  faultOf(value: unknown, depth: number): string | undefined {
    if (typeof value === 'string') return value.isWellFormed() ? undefined : 'A string has a lone surrogate';
    if (typeof value === 'number')
      return Number.isSafeInteger(value) ? undefined : 'A number is not a safe integer';
    if (value === null || typeof value === 'boolean') return undefined;
    if (typeof value !== 'object') return `A ${typeof value} is not JSON`;
    if (depth > RECORD_MAX_DEPTH) return `Nested deeper than ${RECORD_MAX_DEPTH}`;
    if (Array.isArray(value)) return this.#faultAmong(value, depth + 1);
    if (!isPlain(value)) return 'An object is not a plain one';
    return this.#faultOfNames(Object.keys(value)) ?? this.#faultAmong(Object.values(value), depth + 1);
  }

  #faultOfNames(names: readonly string[]): string | undefined {
    let before = '';
    for (const name of names) {
      if (!ASCII.test(name)) return 'A name is not ASCII';
      if (name < before) this.sorted = false;
      before = name;
    }
    return undefined;
  }

  #faultAmong(values: readonly unknown[], depth: number): string | undefined {
    for (const value of values) {
      const fault = this.faultOf(value, depth);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}
