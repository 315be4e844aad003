/** The self-test passes with the verifier in use, and each of its lines fails with one that is broken in just that. */
import { describe, expect, it } from 'vitest';
import { type Opening, openRecord, type Verifier } from '../../src/protocol/record.ts';
import { selfTest } from '../../src/services/security/self-test.ts';
import { KEYRING, NOW, Signer } from '../protocol/signer.ts';

const me = new Signer('server-01');
const PARTS = {
  keyring: KEYRING,
  nodeId: me.nodeId,
  signingKey: me.key,
  body: me.nodeBody(),
  nowSeconds: NOW,
  clockToleranceSeconds: 5,
};

/** A verifier that lets through what it should refuse with this code. */
const blindTo =
  (code: string) =>
  (bytes: Uint8Array, verifier: Verifier): Opening => {
    const opening = openRecord(bytes, verifier);
    return opening.ok === false && opening.refusal.code === code ? { ok: 'old_news' } : opening;
  };

const EXPECTED = [
  ['own_record', 'accepted'],
  ['flipped_bit', 'invalid_signature'],
  ['other_type', 'wrong_type'],
  ['old_record', 'timestamp_old'],
  ['other_key', 'bad_node_signature'],
] as const;

describe('the self-test', () => {
  it('passes, and says what was tried, expected and seen', () => {
    const lines = selfTest(PARTS);
    expect(lines.map(({ code, expected, seen, state }) => [code, expected, seen, state])).toEqual(
      EXPECTED.map(([code, expected]) => [code, expected, expected, 'pass']),
    );
    for (const { what, group, mend } of lines) {
      expect(what).toMatch(/record|same/);
      expect([group, mend]).toEqual(['self_test', null]);
    }
  });

  it.each(EXPECTED.slice(1))('fails in %s, and there alone, with a verifier blind to %s', (code, refusal) => {
    const failed = selfTest(PARTS, blindTo(refusal)).filter(({ state }) => state === 'fail');
    expect(failed).toMatchObject([{ code, expected: refusal, seen: 'old news', mend: expect.any(String) }]);
  });

  it('fails in its first line with a verifier that refuses everything', () => {
    const refuseAll = (): Opening => ({ ok: false, refusal: { code: 'malformed', reason: 'no' } });
    const lines = selfTest(PARTS, refuseAll);
    expect(lines.map(({ state }) => state)).toEqual(EXPECTED.map(() => 'fail'));
    expect(lines[0]).toMatchObject({ code: 'own_record', seen: 'malformed' });
  });

  it('fails, and goes on, with a verifier that breaks down', () => {
    const lines = selfTest(PARTS, () => {
      throw new Error('no such algorithm');
    });
    expect(lines.map(({ seen }) => seen)).toEqual(EXPECTED.map(() => 'broke down: no such algorithm'));
  });

  it.each([NOW, NOW + 1, NOW + 5, 1_800_000_000])('flips a bit at any time, %d too', (nowSeconds) => {
    expect(selfTest({ ...PARTS, nowSeconds })[1]).toMatchObject({ seen: 'invalid_signature' });
  });
});
