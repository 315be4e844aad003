import { describe, expect, it } from 'vitest';
import { isSuspicious, refusalSentence } from '../../src/membership/refusal-words.ts';
import { REFUSAL_CODES } from '../../src/protocol/refusal.ts';

const sentenceOf = (code: (typeof REFUSAL_CODES)[number]) => sentenceAt('server-01', code);

function sentenceAt(self: string, code: (typeof REFUSAL_CODES)[number]): string {
  const slot = 'fleet:cluster:node:server-02';
  return refusalSentence({ code, nodeId: 'server-02', slot, reason: 'THE REASON' }, self);
}

/** What somebody can do next. */
const NEXT_STEP =
  /\b(see who|compare|update|give each|give it|look at|set the clock|start it|stop one|switch it off|restart this server|missed the rotation)\b/i;

describe('each refusal', () => {
  it.each(REFUSAL_CODES)('%s says whom or what it is about, and what to do', (code) => {
    expect(sentenceOf(code)).toContain('server-02');
    expect(sentenceOf(code)).toMatch(NEXT_STEP);
    expect(sentenceOf(code)).toMatch(/\.$/);
  });

  it('says something else for each code', () => {
    expect(new Set(REFUSAL_CODES.map(sentenceOf)).size).toBe(REFUSAL_CODES.length);
  });

  it.each(['timestamp_future', 'timestamp_old'] as const)(
    '%s is never called an attack or tampering',
    (code) => {
      const sentence = sentenceOf(code).replace('This is not an attack', '');
      expect(sentence).not.toMatch(/attack|tamper|changed|intrud|somebody can/i);
      expect(sentence).toMatch(/clock/);
      expect(sentence).toContain('THE REASON');
      expect(isSuspicious(code)).toBe(false);
    },
  );

  it('of another server that took our name is never mended by removing ourselves', () => {
    expect(sentenceOf('bad_node_signature')).toContain('cluster remove server-02');
    const here = sentenceAt('server-02', 'bad_node_signature');
    expect(here).toContain('speaks as server-02, which is this server');
    expect(here).not.toContain('cluster remove');
  });

  it('tells apart not mine, too old and tampered', () => {
    expect(sentenceOf('unknown_key')).toMatch(/another cluster secret/);
    expect(sentenceOf('wrong_cluster')).toMatch(/another cluster that shares this registry/);
    expect(sentenceOf('timestamp_old')).toMatch(/^The last record of server-02 is old/);
    expect(sentenceOf('invalid_signature')).toMatch(/changed after it was signed/);
  });
});

describe('isSuspicious', () => {
  it('leaves out what a healthy cluster sees as well', () => {
    expect(REFUSAL_CODES.filter((code) => !isSuspicious(code))).toEqual([
      'not_member',
      'timestamp_future',
      'timestamp_old',
      'replayed',
    ]);
  });
});

it.each(REFUSAL_CODES)(
  '%s gives no advice against the others where the server itself was evicted',
  (code) => {
    const slot = 'fleet:cluster:node:server-02';
    const sentence = refusalSentence({ code, nodeId: 'server-02', slot, reason: 'WHY' }, 'server-01', true);
    expect(sentence).toContain('server-01, which says so, was evicted');
    expect(sentence).not.toMatch(NEXT_STEP);
  },
);
