/** The guard before node-redis' decoder: what Redis answers passes, however it is cut; what nobody asked for does not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CALL_MAX_BYTES,
  LINE_MAX_BYTES,
  NAMES_MAX,
  NAMES_MAX_BYTES,
  VALUES_MAX,
} from '../../src/store/redis/bounds.ts';
import { RespGuard } from '../../src/store/redis/resp-guard.ts';
import { RedisTrouble } from '../../src/store/redis/trouble.ts';

const FOREIGN = 'it does not speak the Redis protocol';
const TOO_MUCH = 'it sends more than it was asked for';

/** What a guard says to these chunks, one after the other: null, or the reason of its refusal. */
function judge(chunks: readonly (string | Buffer)[], guard = new RespGuard(CALL_MAX_BYTES)): string | null {
  try {
    for (const chunk of chunks) guard.take(Buffer.from(chunk as string, 'latin1'));
    return null;
  } catch (error) {
    if (error instanceof RedisTrouble) return error.message;
    throw error;
  }
}

const cutAt = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const sorted = [0, ...[...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b)];
  return sorted.map((from, i) => bytes.subarray(from, sorted[i + 1]));
};

const plain = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
const leaf = fc.oneof(
  plain.map((text) => `+${text}\r\n`),
  plain.map((text) => `-ERR ${text}\r\n`),
  fc.maxSafeInteger().map((number) => `:${number}\r\n`),
  fc.constant('_\r\n'),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }).map((text) => `$${text.length}\r\n${text}\r\n`),
  plain.map((text) => `=${text.length + 4}\r\ntxt:${text}\r\n`),
);
const list = (item: fc.Arbitrary<string>) =>
  fc.array(item, { maxLength: 4 }).map((items) => `*${items.length}\r\n${items.join('')}`);
const map = (item: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(leaf, item), { maxLength: 4 })
    .map((pairs) => `%${pairs.length}\r\n${pairs.flat().join('')}`);
const nest = (item: fc.Arbitrary<string>) => fc.oneof(leaf, list(item), map(item));
const replies = fc
  .array(nest(nest(nest(nest(leaf)))), { minLength: 1, maxLength: 5 })
  .map((all) => all.join(''));
const cuts = fc.array(fc.nat(), { maxLength: 20 });

describe('the guard', () => {
  it('lets every answer pass, wherever it is cut', () => {
    fc.assert(
      fc.property(replies, cuts, (text, places) => {
        expect(judge(cutAt(Buffer.from(text, 'latin1'), places))).toBe(null);
      }),
    );
  });

  it('judges any bytes the same, wherever they are cut', () => {
    const noise = fc.array(
      fc.oneof(
        leaf,
        fc.constantFrom('*2\r\n', '%1\r\n', '$3\r\n', '\r', '\n', '(1\r\n', '$-1\r\n', '*', '9'),
        plain,
      ),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(noise, cuts, (pieces, places) => {
        const bytes = Buffer.from(`${pieces.join('')}\r\n`, 'latin1');
        expect(judge(cutAt(bytes, places)) === null).toBe(judge([bytes]) === null);
      }),
    );
  });

  it('lets the largest list of names pass, within an EXEC', () => {
    const name = `$40\r\n${'n'.repeat(40)}\r\n`;
    expect(judge([`*1\r\n*${NAMES_MAX}\r\n${name.repeat(NAMES_MAX)}`])).toBe(null);
    const large = `$${NAMES_MAX_BYTES}\r\n${'n'.repeat(NAMES_MAX_BYTES)}\r\n`;
    expect(judge([`*1\r\n*1\r\n${large}`])).toBe(null);
  });

  it.each([
    ['a number of any digits', '(', FOREIGN],
    ['a number of any digits in a list', '*1\r\n(9', FOREIGN],
    ['a double', ',inf\r\n', FOREIGN],
    ['a string too short for its format', '=3\r\n', FOREIGN],
    ['a word as a number', ':abc\r\n', FOREIGN],
    ['a number that is none of 64 bits', `:${'9'.repeat(20)}\r\n`, FOREIGN],
    ['what nobody subscribed to', '>0\r\n', FOREIGN],
    ['a boolean', '#t\r\n', FOREIGN],
    ['an error in a string', '!3\r\nERR\r\n', FOREIGN],
    ['attributes', '|1\r\n', FOREIGN],
    ['a string of unknown length', '$?\r\n', FOREIGN],
    ['a negative length', '*-5\r\n', FOREIGN],
    ['the null of RESP2', '$-1\r\n', FOREIGN],
    ['a null with something in it', '_1\r\n', FOREIGN],
    ['a string with another end', '$1\r\nab\r\n', FOREIGN],
    ['CR without LF', '+OK\rX', FOREIGN],
    ['an empty line', '\r\n', FOREIGN],
    ['HTTP', 'H', FOREIGN],
    ['a NUL', '\0', FOREIGN],
    ['a long list, as soon as its length is there', '*30000000\r', TOO_MUCH],
    ['a list of one too many', `*${VALUES_MAX + 1}\r`, TOO_MUCH],
    ['a map of one too many', `%${VALUES_MAX / 2 + 1}\r`, TOO_MUCH],
    ['a set of one too many', `~${VALUES_MAX + 1}\r`, TOO_MUCH],
    [
      'lists that are too long together',
      `*2\r\n*${VALUES_MAX - 3}\r\n${'_\r\n'.repeat(VALUES_MAX - 3)}*2\r`,
      TOO_MUCH,
    ],
    ['lists in lists', '*1\r\n'.repeat(5), TOO_MUCH],
    ['a string of one byte too many', `$${NAMES_MAX_BYTES + 1}\r`, TOO_MUCH],
    ['a length of many digits', `*${'9'.repeat(400)}\r`, TOO_MUCH],
    ['a line without end', `+${'x'.repeat(LINE_MAX_BYTES)}`, TOO_MUCH],
  ])('refuses %s', (_, text, reason) => {
    expect(judge([text])).toBe(reason);
    expect(judge([...text])).toBe(reason);
    expect(judge(['*2\r\n+OK\r\n', text])).toBe(reason);
  });

  it('refuses what is more than one call may cost, its empty lists counted, until the next call', () => {
    const guard = new RespGuard(1000);
    const ok = '+OK\r\n'.repeat(100);
    expect(judge([ok], guard)).toBe(null);
    guard.allowCall();
    expect(judge([ok, ok], guard)).toBe(null);
    expect(judge(['+'], guard)).toBe(TOO_MUCH);
    expect(judge([`$1001\r`], new RespGuard(1000))).toBe(TOO_MUCH);
    expect(judge([`*10\r\n${'*0\r\n'.repeat(10)}`], new RespGuard(1000))).toBe(null);
    expect(judge([`*20\r\n${'*0\r\n'.repeat(20)}`], new RespGuard(1000))).toBe(TOO_MUCH);
  });
});
