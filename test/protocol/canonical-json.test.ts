import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalText,
  type JsonObject,
  parseCanonical,
  plainCopy,
} from '../../src/protocol/canonical-json.ts';

const parse = (text: string) => parseCanonical(Buffer.from(text, 'utf8'));

describe('the examples of RFC 8785', () => {
  it('3.2.2: strings and literals are written as in the RFC; its fractions are outside our subset', () => {
    const strings = '"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"';
    const input = `{"string": ${strings}, "literals": [null, true, false]}`;
    expect(canonicalText(JSON.parse(input))).toBe(
      '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const numbers = '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]}';
    expect(() => canonicalText(JSON.parse(numbers))).toThrow(
      'not canonical JSON: A number is not a safe integer',
    );
  });

  it('3.2.3: names are sorted by code units; those that are not ASCII are outside our subset', () => {
    const input = { '\r': 'Carriage Return', '1': 'One' };
    expect(canonicalText(input)).toBe('{"\\r":"Carriage Return","1":"One"}');
    for (const name of ['\u20ac', '\ufb33', '\u{1f600}', '\u0080', '\u00f6']) {
      expect(() => canonicalText({ ...input, [name]: 'x' })).toThrow(
        'not canonical JSON: A name is not ASCII',
      );
    }
  });

  it.each([
    [0, '0'],
    [-0, '0'],
    [9007199254740991, '9007199254740991'],
    [-9007199254740991, '-9007199254740991'],
  ])('appendix B: %d is written %s', (number, text) => {
    expect(canonicalText({ number })).toBe(`{"number":${text}}`);
  });

  it.each([5e-324, 1.7976931348623157e308, 9007199254740992, 295147905179352830000, 1e23, 333333333.3333332])(
    'appendix B: %d is outside our subset',
    (number) => {
      expect(() => canonicalText({ number })).toThrow('A number is not a safe integer');
    },
  );
});

const name = fc.string({ unit: 'binary-ascii', maxLength: 6 });
const leaf = fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeInteger(), fc.string({ unit: 'binary' }));
const { object } = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('object')),
  object: fc.dictionary(name, tie('value'), { maxKeys: 6 }),
}));

describe('for any object of the subset', () => {
  it('the canonical text is the one of the canonicalize library', () => {
    fc.assert(fc.property(object, (value) => canonicalText(value) === canonicalize(value)));
  });

  it('the same holds for names that look like array indices, which the language lists in its own order', () => {
    const index = fc.oneof(fc.nat({ max: 120 }).map(String), fc.constantFrom('-', '01', '__proto__', '~'));
    const indexed = fc.dictionary(index, fc.nat(), { maxKeys: 12 });
    fc.assert(fc.property(indexed, (value) => canonicalText(value) === canonicalize(value)));
  });

  it('the plain copy has the same text', () => {
    fc.assert(fc.property(object, (value) => canonicalText(plainCopy(value)) === canonicalText(value)));
  });

  it('what is written is read back as it was', () => {
    fc.assert(
      fc.property(object, (value) => {
        const text = canonicalText(value);
        const sorted = expect.any(Boolean);
        expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text), sorted });
      }),
    );
  });

  it('with one more space anywhere it is not read, unless the space belongs to a string', () => {
    const spaced = fc.tuple(object, fc.constantFrom(0x20, 0x0a, 0x09, 0x0d), fc.nat());
    fc.assert(
      fc.property(spaced, ([value, space, at]) => {
        const bytes = Buffer.from(canonicalText(value), 'utf8');
        const cut = at % (bytes.byteLength + 1);
        const other = Buffer.concat([bytes.subarray(0, cut), Uint8Array.of(space), bytes.subarray(cut)]);
        const parsing = parseCanonical(other);
        expect(parsing.ok ? canonicalText(parsing.value) : other.toString()).toBe(other.toString());
      }),
    );
  });
});

describe('parseCanonical', () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

  it.each([
    ['no bytes', '', 'malformed', 'Not JSON'],
    ['half an object', '{"a":1', 'malformed', 'Not JSON'],
    ['two objects', '{}{}', 'malformed', 'Not JSON'],
    ['a byte order mark', '\ufeff{}', 'malformed', 'Not JSON'],
    ['NaN', '{"a":NaN}', 'malformed', 'Not JSON'],
    ['an array', '[]', 'malformed', 'Not a JSON object'],
    ['null', 'null', 'malformed', 'Not a JSON object'],
    ['a string', '"a"', 'malformed', 'Not a JSON object'],
    ['a fraction', '{"a":1.5}', 'malformed', 'A number is not a safe integer'],
    ['2^53', '{"a":9007199254740992}', 'malformed', 'A number is not a safe integer'],
    ['an infinite number', '{"a":1e999}', 'malformed', 'A number is not a safe integer'],
    ['a lone surrogate', '{"a":"\\ud800"}', 'malformed', 'A string has a lone surrogate'],
    ['a lone surrogate in a name', '{"\\udc00":1}', 'malformed', 'A name is not ASCII'],
    ['a name that is not ASCII', '{"ö":1}', 'malformed', 'A name is not ASCII'],
    ['a fault inside an array', '{"a":[1,[1.5]]}', 'malformed', 'A number is not a safe integer'],
    ['nine levels', nested(9), 'malformed', 'Nested deeper than 8'],
    ['3,000 levels', nested(3000), 'malformed', 'Nested deeper than 8'],
    ['a space', '{"a": 1}', 'not_canonical', 'Not in canonical form'],
    ['a newline at the end', '{"a":1}\n', 'not_canonical', 'Not in canonical form'],
    ['names out of order', '{"b":1,"a":2}', 'not_canonical', 'Not in canonical form'],
    ['names out of order inside', '{"a":[{"c":1,"b":2}]}', 'not_canonical', 'Not in canonical form'],
    ['indices in the order of numbers', '{"9":1,"10":2}', 'not_canonical', 'Not in canonical form'],
    ['a name twice', '{"a":1,"a":1}', 'not_canonical', 'Not in canonical form'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}', 'not_canonical', 'Not in canonical form'],
    ['an escaped letter', '{"\\u0061":1}', 'not_canonical', 'Not in canonical form'],
    ['an escaped slash', '{"a":"\\/"}', 'not_canonical', 'Not in canonical form'],
    ['an escape in upper case', '{"a":"\\u000F"}', 'not_canonical', 'Not in canonical form'],
    ['a long escape of a newline', '{"a":"\\u000a"}', 'not_canonical', 'Not in canonical form'],
    ['minus zero', '{"a":-0}', 'not_canonical', 'Not in canonical form'],
    ['1.0', '{"a":1.0}', 'not_canonical', 'Not in canonical form'],
    ['1e2', '{"a":1e2}', 'not_canonical', 'Not in canonical form'],
  ])('refuses %s', (_, text, code, reason) => {
    expect(parse(text)).toEqual({ ok: false, code, reason });
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['half a character', [0xe2, 0x82]],
    ['a character beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('refuses bytes that are not UTF-8: %s', (_, bytes) => {
    const around = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
    expect(parseCanonical(around)).toEqual({ ok: false, code: 'malformed', reason: 'Not UTF-8' });
  });

  it('takes eight levels, and __proto__ as a name like any other', () => {
    expect(parse(nested(8))).toMatchObject({ ok: true });
    const parsing = parse('{"__proto__":{"polluted":1}}');
    expect(parsing).toMatchObject({ ok: true });
    expect({}).not.toHaveProperty('polluted');
    expect(parsing.ok && Object.hasOwn(parsing.value, '__proto__')).toBe(true);
  });
});

describe('canonicalText', () => {
  class Plain {
    a = 1;
  }
  it.each([
    ['a function', { a: () => 1 }, 'A function is not JSON'],
    ['undefined', { a: undefined }, 'A undefined is not JSON'],
    ['a hole in an array', { a: new Array(1) }, 'A undefined is not JSON'],
    ['a bigint', { a: 1n }, 'A bigint is not JSON'],
    ['a symbol', { a: Symbol('a') }, 'A symbol is not JSON'],
    ['a date', { a: new Date(0) }, 'An object is not a plain one'],
    ['an instance', { a: new Plain() }, 'An object is not a plain one'],
    ['a map', { a: new Map() }, 'An object is not a plain one'],
    ['bytes', { a: new Uint8Array(1) }, 'An object is not a plain one'],
    ['NaN', { a: Number.NaN }, 'A number is not a safe integer'],
    ['a toJSON of its own', { toJSON: () => 'other' }, 'A function is not JSON'],
  ])('does not sign %s', (_, value, reason) => {
    expect(() => canonicalText(value)).toThrow(new TypeError(`not canonical JSON: ${reason}`));
  });

  it.each([canonicalText, plainCopy])('does not sign what contains itself (%o)', (take) => {
    const value: Record<string, unknown> = {};
    value.self = value;
    expect(() => take(value)).toThrow('not canonical JSON: Nested deeper than 8');
  });
});

describe('plainCopy', () => {
  it('takes a field named __proto__ as a field', () => {
    const copy = plainCopy(JSON.parse('{"__proto__":{"polluted":1}}'));
    expect(canonicalText(copy)).toBe('{"__proto__":{"polluted":1}}');
    expect(copy.polluted).toBeUndefined();
  });

  it.each([
    ['an instance', new Date(0), 'An object is not a plain one'],
    [
      'an accessor in an array',
      Object.defineProperty([1], '0', { get: () => 1 }),
      'An accessor is not a value',
    ],
  ])('does not copy %s', (_, value, reason) => {
    expect(() => plainCopy({ value })).toThrow(new TypeError(`not canonical JSON: ${reason}`));
  });
});
