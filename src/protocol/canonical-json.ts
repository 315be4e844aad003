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

export type Parsing =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly code: 'malformed' | 'not_canonical'; readonly reason: string };

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII, control characters and all
const ASCII = /^[\x00-\x7f]*$/;

/**
 * The canonical text of parsed JSON, or of a plainCopy(). Throws TypeError for a value outside the subset: what
 * cannot be read back is not signed.
 */
export function canonicalText(value: JsonObject): string {
  const fault = faultOf(value, 1);
  if (fault !== undefined) throw new TypeError(`not canonical JSON: ${fault}`);
  return encode(value);
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
  const fault = faultOf(value, 1);
  if (fault !== undefined) return refused('malformed', fault);
  if (encode(value) !== text) return refused('not_canonical', 'Not in canonical form');
  return { ok: true, value };
}

function refused(code: 'malformed' | 'not_canonical', reason: string): Parsing {
  return { ok: false, code, reason };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function faultOf(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'A string has a lone surrogate';
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? undefined : 'A number is not a safe integer';
  if (typeof value !== 'object') return `A ${typeof value} is not JSON`;
  if (depth > RECORD_MAX_DEPTH) return `Nested deeper than ${RECORD_MAX_DEPTH}`;
  if (Array.isArray(value)) return firstFault(value, depth);
  if (!isPlain(value)) return 'An object is not a plain one';
  if (!Object.keys(value).every((name) => ASCII.test(name))) return 'A name is not ASCII';
  return firstFault(Object.values(value), depth);
}

function firstFault(values: readonly unknown[], depth: number): string | undefined {
  for (const value of values) {
    const fault = faultOf(value, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function encode(value: JsonObject): string {
  return isSorted(value) ? JSON.stringify(value) : (canonicalize(value) ?? '');
}

/**
 * True when every object lists its names in canonical order; then JSON.stringify, which follows RFC 8785 in
 * all else, writes the canonical text, several times faster than the library. Names that look like array
 * indices are always listed first by the language, so such an object may be canonical and still say false.
 */
function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  const entries = Object.entries(value);
  return entries.every(([name, item], i) => {
    const before = entries[i - 1];
    return (before === undefined || before[0] < name) && isSorted(item);
  });
}
