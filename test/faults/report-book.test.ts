import { describe, expect, it } from 'vitest';
import { audit } from '../../faults/report-audit.ts';
import { ReportBook } from '../../faults/report-book.ts';

describe('a gap', () => {
  it('lasts from the first try in vain to the next acknowledgement of that machine, whichever report it was of', () => {
    const book = new ReportBook();
    book.tried('one', 'a', 1000);
    book.tried('one', 'a', 2000);
    book.tried('two', 'a', 3000);
    book.acknowledged('one', 'server-01', 3500);
    expect(book.longestGapMs(0, 9000)).toBe(2500);
  });

  it('is open until now while nobody acknowledges', () => {
    const book = new ReportBook();
    book.tried('one', 'a', 1000);
    expect(book.longestGapMs(0, 9000)).toBe(8000);
    expect(book.waiting(7999, 9000)).toBe(1);
    expect(book.waiting(8000, 9000)).toBe(0);
  });

  it("is one machine's own: another that gets through does not end it", () => {
    const book = new ReportBook();
    book.tried('one', 'a', 1000);
    book.tried('two', 'b', 1500);
    book.acknowledged('two', 'server-01', 1600);
    book.acknowledged('one', 'server-02', 4000);
    expect(book.longestGapMs(0, 9000)).toBe(3000);
  });

  it('counts only from the moment asked for, or only when it began after it', () => {
    const book = new ReportBook();
    book.tried('one', 'a', 1000);
    book.acknowledged('one', 'server-01', 5000);
    book.tried('two', 'a', 6000);
    book.acknowledged('two', 'server-01', 6010);
    expect(book.longestGapMs(4000, 9000)).toBe(1000);
    expect(book.longestNewGapMs(4000, 9000)).toBe(10);
  });
});

describe('the book', () => {
  it('keeps who acknowledged first, and when', () => {
    const book = new ReportBook();
    book.tried('one', 'a', 1000);
    book.acknowledged('one', 'server-01', 1100);
    book.acknowledged('one', 'server-02', 1200);
    expect(book.acknowledgedSince(0)).toMatchObject([{ by: 'server-01', acknowledgedAtMs: 1100, tries: 1 }]);
    expect(book.byServer(0)).toEqual(new Map([['server-01', 1]]));
    expect(book.acknowledgedSince(1101)).toEqual([]);
  });

  it('tells how long the slowest of a hundred took', () => {
    const book = new ReportBook();
    for (let number = 1; number <= 100; number += 1) {
      book.tried(`${number}`, 'a', 0);
      book.acknowledged(`${number}`, 'server-01', number);
    }
    expect(book.latencyMs(0, 0.99)).toBe(100);
    expect(book.latencyMs(0, 0.5)).toBe(51);
  });

  it('takes no acknowledgement of what nobody sent', () => {
    expect(() => new ReportBook().acknowledged('one', 'server-01', 0)).toThrow('never tried');
  });
});

describe('the audit', () => {
  const acknowledged = ['aa', 'bb'].map((nonce) => ({
    nonce,
    machineId: 'a',
    triedAtMs: 0,
    tries: 1,
    acknowledgedAtMs: 1,
    by: 'server-01',
  }));

  it('finds nothing where each has its nonce and its row', () => {
    const stored = { nonces: new Set(['aa', 'bb', 'cc']), reports: 3, surplus: 0 };
    expect(audit(acknowledged, stored)).toEqual({ lost: 0, doubled: 0 });
  });

  it('calls lost what has no nonce, or a nonce and no row', () => {
    expect(audit(acknowledged, { nonces: new Set(['aa']), reports: 1, surplus: 0 }).lost).toBe(1);
    expect(audit(acknowledged, { nonces: new Set(['aa', 'bb']), reports: 1, surplus: 0 }).lost).toBe(1);
  });

  it('calls doubled two rows of one moment, or a row beyond the nonces', () => {
    const nonces = new Set(['aa', 'bb']);
    expect(audit(acknowledged, { nonces, reports: 3, surplus: 1 }).doubled).toBe(1);
    expect(audit(acknowledged, { nonces, reports: 3, surplus: 0 }).doubled).toBe(1);
  });
});
