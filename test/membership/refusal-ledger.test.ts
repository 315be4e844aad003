import { describe, expect, it } from 'vitest';
import { RefusalLedger, shownId } from '../../src/membership/refusal-ledger.ts';
import { REFUSAL_CODES, refuse } from '../../src/protocol/refusal.ts';

const AT = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 24 * 3_600_000;
const tampered = refuse('invalid_signature', 'Invalid signature - data tampered!');
const by = (nodeId: string) => ({ nodeId, slot: `fleet:cluster:node:${nodeId}` });

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

  it('keeps at most 256 counts, whatever names are claimed under whatever code', () => {
    const ledger = new RefusalLedger();
    for (let i = 0; i < 10_000; i += 1) {
      const code = REFUSAL_CODES[i % REFUSAL_CODES.length] ?? 'malformed';
      ledger.note(refuse(code, 'x'), by(`junk-${i}`), AT + i);
    }
    expect(ledger.counts).toHaveLength(256);
    expect(ledger.counts.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
    const others = ledger.counts.filter(({ nodeId }) => nodeId === '(others)');
    expect(others.map(({ code }) => code).sort()).toEqual([...REFUSAL_CODES].sort());
    expect(ledger.counts.filter(({ nodeId }) => nodeId === 'junk-0')).toHaveLength(1);
  });

  it('names who comes after a flood again, once the flood is a day old', () => {
    const ledger = new RefusalLedger();
    for (let i = 0; i < 10_000; i += 1) ledger.note(tampered, by(`junk-${i}`), AT);
    expect(ledger.note(tampered, by('alice'), AT + DAY_MS)).toMatchObject({ nodeId: '(others)' });
    expect(ledger.note(tampered, by('alice'), AT + DAY_MS + 1)).toMatchObject({ nodeId: 'alice', count: 1 });
    expect(ledger.counts.length).toBeLessThan(10);
  });

  it('keeps of a claimed id what can be shown: 64 characters, none of which moves a cursor', () => {
    const ledger = new RefusalLedger();
    const { nodeId } = ledger.note(tampered, by('evil\u001b[2J\n\u202elive'), AT);
    expect(nodeId).toBe('evil\\u001b[2J\\u000a\\u202elive');
    expect(shownId('x'.repeat(16_000))).toBe('x'.repeat(64));
    expect(shownId('Zoë 🖥')).toBe('Zoë 🖥');
  });
});
