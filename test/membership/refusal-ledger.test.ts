import { describe, expect, it } from 'vitest';
import { RefusalLedger, shownId } from '../../src/membership/refusal-ledger.ts';
import { REFUSAL_CODES, type RefusalCode, refuse } from '../../src/protocol/refusal.ts';

const AT = Date.UTC(2026, 10, 21, 12);
const tampered = refuse('invalid_signature', 'Invalid signature - data tampered!');
const by = (nodeId: string) => ({ nodeId, slot: `fleet:cluster:node:${nodeId}` });
const UNPROVEN = REFUSAL_CODES.slice(0, REFUSAL_CODES.indexOf('wrong_slot') + 1);

function flood(ledger: RefusalLedger, code: RefusalCode): void {
  for (let i = 0; i < 1000; i += 1) ledger.note(refuse(code, 'x'), by(`junk-${i}`), AT + i);
}

describe('RefusalLedger', () => {
  it('counts by code, claimed id and slot, with the first and the last time', () => {
    const ledger = new RefusalLedger();
    ledger.note(tampered, by('alice'), AT);
    ledger.note(tampered, by('alice'), AT + 5000);
    ledger.note(refuse('replayed', 'Replayed'), by('alice'), AT + 6000);
    ledger.note(tampered, { nodeId: 'alice', slot: 'fleet:cluster:node:bob' }, AT + 7000);
    expect(ledger.counts.map(({ code, slot, count }) => [code, slot, count])).toEqual([
      ['invalid_signature', 'fleet:cluster:node:bob', 1],
      ['replayed', 'fleet:cluster:node:alice', 1],
      ['invalid_signature', 'fleet:cluster:node:alice', 2],
    ]);
    expect(ledger.counts.at(-1)).toMatchObject({
      firstAtMs: AT,
      lastAtMs: AT + 5000,
      reason: tampered.reason,
    });
  });

  it('keeps at most 256 counts, whatever names are claimed under whatever code, and loses none from the sum', () => {
    const ledger = new RefusalLedger();
    for (let i = 0; i < 10_000; i += 1) {
      const code = REFUSAL_CODES[i % REFUSAL_CODES.length] ?? 'malformed';
      ledger.note(refuse(code, 'x'), by(`junk-${i}`), AT + i);
      expect(ledger.counts.length).toBeLessThanOrEqual(256);
    }
    expect(ledger.counts).toHaveLength(256);
    expect(ledger.counts.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  });

  it('after a flood still names who comes next, and has counted together who came first', () => {
    const ledger = new RefusalLedger();
    flood(ledger, 'invalid_signature');
    expect(ledger.note(tampered, by('alice'), AT + 10_000)).toMatchObject({ nodeId: 'alice', count: 1 });
    expect(ledger.counts.at(-1)).toMatchObject({ nodeId: '(others)', slot: '(others)', firstAtMs: AT });
    expect(ledger.note(tampered, by('alice'), AT + 20_000)).toMatchObject({ nodeId: 'alice', count: 2 });
  });

  it('gives a code no more than its share, so that a flood of junk leaves the names of other codes alone', () => {
    const ledger = new RefusalLedger();
    ledger.note(tampered, by('alice'), AT);
    ledger.note(refuse('clone', 'x'), by('bob'), AT);
    flood(ledger, 'missing_signature');
    const names = ledger.counts.map(({ code, nodeId }) => `${code} ${nodeId}`);
    expect(names).toEqual(expect.arrayContaining(['invalid_signature alice', 'clone bob']));
    expect(names.filter((each) => each.startsWith('missing_signature junk-'))).toHaveLength(64);
  });

  it('never gives the name of an authentic record away for junk, under however many codes', () => {
    const ledger = new RefusalLedger();
    ledger.note(refuse('clone', 'x'), by('alice'), AT);
    ledger.note(refuse('bad_node_signature', 'x'), by('bob'), AT);
    for (const code of UNPROVEN) flood(ledger, code);
    expect(ledger.note(refuse('replayed', 'x'), by('carol'), AT + 10_001).nodeId).toBe('carol');
    const names = ledger.counts.map(({ nodeId }) => nodeId);
    expect(names).toEqual(expect.arrayContaining(['alice', 'bob', 'carol']));
  });

  it('full of authentic names has no room for junk, and room for the next authentic one', () => {
    const ledger = new RefusalLedger();
    for (const code of ['not_member', 'replayed', 'clone', 'evicted'] as const) flood(ledger, code);
    expect(ledger.note(tampered, by('junk'), AT + 10_000).nodeId).toBe('(others)');
    expect(ledger.note(refuse('clone', 'x'), by('alice'), AT + 10_000).nodeId).toBe('alice');
    expect(ledger.counts.length).toBeLessThanOrEqual(256);
  });

  it('says of which codes there are more names than it keeps', () => {
    const ledger = new RefusalLedger();
    expect(ledger.isCrowded('missing_signature')).toBe(false);
    flood(ledger, 'missing_signature');
    expect(ledger.isCrowded('missing_signature')).toBe(true);
    expect(ledger.isCrowded('clone')).toBe(false);
  });

  it('keeps of a claimed id what can be shown: 64 characters, none of which moves a cursor', () => {
    const ledger = new RefusalLedger();
    const { nodeId } = ledger.note(tampered, by('evil\u001b[2J\n\u202elive'), AT);
    expect(nodeId).toBe('evil\\u001b[2J\\u000a\\u202elive');
    expect(shownId('x'.repeat(16_000))).toBe('x'.repeat(64));
    expect(shownId('Zoë 🖥')).toBe('Zoë 🖥');
  });
});
