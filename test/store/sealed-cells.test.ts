import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { SealedCells } from '../../src/store/sql/sealed-cells.ts';

const KEY = new Secret(Buffer.alloc(32, 7));
const cells = new SealedCells(KEY);
const row = cells.row('machines', 'a1');
const DOES_NOT_OPEN = {
  code: 'store_unavailable',
  message: 'a cell of machines.info does not open: it was changed, or comes from another row',
};

const sealed = (text: string) => Buffer.from(row.seal('info', text) as Uint8Array);

describe('a sealed cell', () => {
  it('opens to the text that was sealed, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(row.open('info', row.seal('info', text))).toBe(text);
      }),
    );
  });

  it('is another one each time, and longer than the text by 37 bytes', () => {
    expect(sealed('Desk 1').equals(sealed('Desk 1'))).toBe(false);
    expect(sealed('Desk 1')).toHaveLength(6 + 37);
  });

  it('opens on every server that has the key', () => {
    const other = new SealedCells(new Secret(Buffer.alloc(32, 7)));
    expect(other.row('machines', 'a1').open('info', sealed('Desk 1'))).toBe('Desk 1');
  });

  it('does not open when any bit was changed, or a byte is missing', () => {
    const cell = sealed('Desk 1');
    for (let bit = 0; bit < cell.length * 8; bit += 1) {
      const changed = Buffer.from(cell);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => row.open('info', changed), `bit ${bit}`).toThrow(DOES_NOT_OPEN.message);
    }
    for (let length = 0; length < cell.length; length += 1)
      expect(() => row.open('info', cell.subarray(0, length)), `${length} bytes`).toThrow(
        DOES_NOT_OPEN.message,
      );
  });

  it.each([
    ['another row', cells.row('machines', 'a2'), 'info'],
    ['another column', row, 'latest'],
    ['another table', cells.row('tokens', 'a1'), 'info'],
    ['another key', new SealedCells(new Secret(Buffer.alloc(32, 8))).row('machines', 'a1'), 'info'],
  ])('does not open in %s', (_name, elsewhere, column) => {
    expect(() => elsewhere.open(column, sealed('Desk 1'))).toThrow(/^a cell of \w+\.\w+ does not open/);
  });

  it('is never taken for one when it is a plain text', () => {
    expect(() => row.open('info', 'Desk 1')).toThrow(expect.objectContaining(DOES_NOT_OPEN));
  });
});

describe('a digest', () => {
  it('is the same for the same text at the same place under the same key, and tells nothing else', () => {
    const digest = row.digest('info', 'Desk 1');
    expect(digest).toHaveLength(16);
    expect(new SealedCells(KEY).row('machines', 'a1').digest('info', 'Desk 1')).toEqual(digest);
    const elsewhere = [
      row.digest('info', 'Desk 2'),
      row.digest('latest', 'Desk 1'),
      cells.row('machines', 'a2').digest('info', 'Desk 1'),
      cells.row('tokens', 'a1').digest('info', 'Desk 1'),
      new SealedCells(new Secret(Buffer.alloc(32, 8))).row('machines', 'a1').digest('info', 'Desk 1'),
    ];
    const all = [digest, ...elsewhere].map((bytes) => Buffer.from(bytes).toString('hex'));
    expect(new Set(all).size).toBe(6);
  });
});

describe('a lookup', () => {
  it('is the same for the same name, and no other, under the same key', () => {
    const other = new SealedCells(new Secret(Buffer.alloc(32, 8)));
    expect(cells.lookup('users', 'ada')).toBe(new SealedCells(KEY).lookup('users', 'ada'));
    const all = [cells.lookup('users', 'ada'), cells.lookup('users', 'Ada'), cells.lookup('tokens', 'ada')];
    expect(new Set([...all, other.lookup('users', 'ada')]).size).toBe(4);
    expect(all.every((lookup) => /^[0-9a-f]{64}$/.test(lookup))).toBe(true);
  });
});

it('a key that is too short is refused', () => {
  expect(() => new SealedCells(new Secret(Buffer.alloc(31, 7)))).toThrow(
    expect.objectContaining({ code: 'store_key_wrong' }),
  );
});
