/**
 * Whoever can write to the registry, and captured all that was ever in it, revives nobody: not by time, not under
 * another name or type, not by deleting first, not by waiting for a verifier to restart.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isActive } from '../../src/membership/failure-detector.ts';
import type { RecordType } from '../../src/protocol/keyring.ts';
import { digestOf } from '../../src/protocol/record.ts';
import { bytesOf, fieldsOf, forge, NOW, OTHER_KEYRING, Signer } from '../protocol/signer.ts';
import { Observer } from './observer.ts';

/** Attempts in each history, and histories: 10,000 attempts. */
const ATTEMPTS = 20;
const HISTORIES = 500;
const BEATS = 6;

const NAMES = ['alice', 'bob', 'carol'] as const;
const TYPES: readonly RecordType[] = ['node', 'heartbeat'];

interface Captured {
  readonly type: RecordType;
  readonly bytes: Uint8Array;
}

/** One life of the three, heard by a first verifier as it happened; all of them stop at its end. */
function live(): { captured: Captured[]; observer: Observer } {
  const observer = new Observer();
  const captured: Captured[] = [];
  const signers: { signer: Signer; node: Uint8Array }[] = NAMES.map((nodeId) => ({
    signer: new Signer(nodeId),
    node: new Uint8Array(),
  }));
  const publish = (type: RecordType, nodeId: string, bytes: Uint8Array) => {
    captured.push({ type, bytes });
    expect(observer.hear(type, nodeId, bytes)).toBe('taken');
  };
  for (let sequence = 1; sequence <= BEATS; sequence += 1) {
    for (const each of signers) {
      const { signer } = each;
      const order = { timestamp: observer.nowSeconds, sequence };
      if (sequence % 3 === 1) {
        each.node = signer.node(order, { host: `host-${sequence}.example.org` });
        publish('node', signer.nodeId, each.node);
      }
      const record = digestOf(each.node);
      publish('heartbeat', signer.nodeId, signer.heartbeat(order, { ...observer.named, record }));
    }
    observer.look(10);
  }
  // What another cluster of the same operator published, under a secret of its own.
  const [alice] = signers;
  const foreign = forge(
    { ...fieldsOf(captured[0]?.bytes ?? new Uint8Array()), _sequence: 900 },
    alice?.signer ?? new Signer(''),
    {
      keyring: OTHER_KEYRING,
    },
  );
  captured.push({ type: 'node', bytes: bytesOf(foreign) });
  return { captured, observer };
}

const attempt = fc.record({
  /** Which of the captured records, in which slot. */
  which: fc.nat(),
  slot: fc.constantFrom(...NAMES),
  type: fc.constantFrom(...TYPES),
  rightSlot: fc.boolean(),
  /** Seconds that pass before it, also back. */
  wait: fc.oneof(fc.constant(0), fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 90_000 })),
  deleteFirst: fc.boolean(),
});
const history = fc.record({
  restart: fc.boolean(),
  attempts: fc.array(attempt, { minLength: ATTEMPTS, maxLength: ATTEMPTS }),
});

describe('replay', () => {
  it(`of ${ATTEMPTS * HISTORIES} attempts none is accepted as life`, () => {
    const { captured, observer: witness } = live();
    const nodeIdOf = ({ bytes }: Captured) => String(fieldsOf(bytes).node_id);
    const endSeconds = witness.nowSeconds;
    let attempts = 0;
    let refusedOrIdle = 0;
    fc.assert(
      fc.property(history, ({ restart, attempts: tries }) => {
        const observer = restart ? restarted(endSeconds) : rehear(captured, nodeIdOf);
        for (const one of tries) {
          const record = captured[one.which % captured.length];
          if (record === undefined) throw new Error('something was captured');
          const slot = one.rightSlot ? nodeIdOf(record) : one.slot;
          const type = one.rightSlot ? record.type : one.type;
          observer.nowSeconds = Math.max(endSeconds, observer.nowSeconds + one.wait);
          if (one.deleteFirst) observer.table.notePresence(slot, false);
          const before = NAMES.filter((nodeId) => isAlive(observer, nodeId));
          const taken = observer.hear(type, slot, record.bytes);
          observer.table.notePresence(slot, true);
          observer.look();
          const revived = NAMES.filter((nodeId) => isAlive(observer, nodeId) && !before.includes(nodeId));
          expect(revived).toEqual([]);
          if (!restart) expect(taken).not.toBe('taken');
          attempts += 1;
          if (taken !== 'taken') refusedOrIdle += 1;
        }
        observer.look(31);
        expect(NAMES.filter((nodeId) => isAlive(observer, nodeId))).toEqual([]);
      }),
      { numRuns: HISTORIES },
    );
    expect(attempts).toBe(ATTEMPTS * HISTORIES);
    expect(refusedOrIdle).toBeGreaterThan(attempts / 2);
  });
});

function isAlive(observer: Observer, nodeId: string): boolean {
  const state = observer.state(nodeId);
  return state !== 'not listed' && (isActive(state) || state === 'draining');
}

/** A verifier that heard all of it in its time. */
function rehear(captured: readonly Captured[], nodeIdOf: (one: Captured) => string): Observer {
  const observer = new Observer();
  for (const one of captured) {
    observer.nowSeconds = Math.max(NOW, Number(fieldsOf(one.bytes)._timestamp));
    observer.hear(one.type, nodeIdOf(one), one.bytes);
    observer.look();
  }
  observer.look(10);
  return observer;
}

/** The same server after a restart: another incarnation, and nothing remembered. */
function restarted(nowSeconds: number): Observer {
  const observer = new Observer(nowSeconds);
  observer.self.incarnation = nowSeconds * 1000;
  return observer;
}
