/** The vectors of docs/protocol/roster.md. They were made by test/vectors/roster.py. */
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { advance, foundRoster, type Roster, type StepFault } from '../../src/membership/roster.ts';
import type { JsonObject } from '../../src/protocol/canonical-json.ts';
import { openEnvelope } from '../../src/protocol/envelope.ts';
import { Keyring } from '../../src/protocol/keyring.ts';
import { ROSTER_STEP_MAX_BYTES } from '../../src/protocol/limits.ts';
import { isProvedBy } from '../../src/protocol/roster-proof.ts';
import {
  type Operation,
  type RosterMember,
  type RosterStep,
  readStep,
  signStep,
} from '../../src/protocol/roster-step.ts';
import { privateKeyOf } from '../protocol/private-keys.ts';
import { HAS_PYTHON, judgedInPython, vectorsOf } from '../vectors/vectors.ts';

interface Vectors {
  cluster: string;
  people: (RosterMember & { identity_seed: string; sealing_private: string })[];
  secrets: Record<string, string>;
  steps: { title: string; text: string; roster: JsonObject }[];
  refused: { title: string; after: number | null; text: string; fault: StepFault | 'unreadable' }[];
}

const vectors = vectorsOf<Vectors>('roster');

const readText = (text: string) => readStep(Buffer.from(text, 'utf8'));
const follow = (roster: Roster | undefined, step: RosterStep) =>
  roster === undefined ? foundRoster(step) : advance(roster, step);

const steps = vectors.steps.map(({ text }) => {
  const reading = readText(text);
  return reading.ok ? reading.step : expect.fail(reading.reason);
});

const rosters: Roster[] = [];
for (const step of steps) {
  const advanced = follow(rosters.at(-1), step);
  rosters.push(advanced.ok ? advanced.roster : expect.fail(advanced.reason));
}

/** As the file shows a roster; toEqual looks at no order of names. */
function shown(roster: Roster): unknown {
  const epochs = (sealed: Roster['sealed']) => mapped(sealed, ({ epoch }) => epoch);
  const { pending } = roster;
  return {
    epoch: roster.epoch,
    digest: roster.digest,
    level: roster.level,
    admission: roster.admission,
    members: mapped(roster.members, (member) => member.identity_key),
    banned: [...roster.banned].sort(),
    evicted: [...roster.evicted].sort(),
    tickets: mapped(roster.tickets, ({ state, usedBy }) => ({ state, used_by: usedBy?.node_id ?? null })),
    key_id: roster.keyId,
    sealed: epochs(roster.sealed),
    retired: [...roster.retired].sort(),
    pending: pending && { key_id: pending.keyId, phase: pending.phase, sealed: epochs(pending.sealed) },
  };
}

function mapped<Value, Shown>(all: ReadonlyMap<string, Value>, show: (value: Value) => Shown) {
  return Object.fromEntries([...all].map(([name, value]) => [name, show(value)]));
}

function personOf(identityKey: string | undefined) {
  return vectors.people.find((person) => person.identity_key === identityKey) ?? expect.fail('nobody');
}

/** What its members can open, of the secret that counts and of the pending one. */
function sealedIn(roster: Roster) {
  return [roster, roster.pending].flatMap((of) =>
    [...roster.members].flatMap(([nodeId, { identity_key: identityKey }]) => {
      const envelope = of?.sealed.get(nodeId);
      return of && envelope ? [{ keyId: of.keyId, nodeId, identityKey, envelope }] : [];
    }),
  );
}

describe('the chain of the vectors', () => {
  it.each(vectors.steps.map((step, epoch) => ({ ...step, epoch })))('$epoch: $title', ({ epoch, roster }) => {
    expect(shown(rosters[epoch] ?? expect.fail('no such step'))).toEqual(roster);
  });

  it('has every operation', () => {
    const names = new Set(steps.flatMap(({ operations }) => operations.map(({ op }) => op)));
    const all: Record<Operation['op'], true> = {
      found: true,
      admit: true,
      leave: true,
      remove: true,
      evict: true,
      readmit: true,
      ticket: true,
      revoke_ticket: true,
      admission: true,
      level: true,
      prepare_secret: true,
      activate_secret: true,
      retire_secret: true,
      abandon_secret: true,
      note: true,
    };
    expect([...names].sort()).toEqual(Object.keys(all).sort());
  });

  it('is signed by us to the same bytes', () => {
    for (const [epoch, step] of steps.entries()) {
      const members = (rosters[epoch - 1] ?? rosters[0])?.members;
      const seed = personOf(members?.get(step.signer)?.identity_key).identity_seed;
      expect(signStep(step, privateKeyOf('ed25519', seed)).digest).toBe(step.digest);
    }
  });

  it('is proved by each secret that was in use, and by no other', () => {
    const proved = Object.entries(vectors.secrets).filter(([, text]) =>
      isProvedBy(new Keyring(vectors.cluster, [new Secret(Buffer.from(text, 'base64'))]), steps),
    );
    expect(proved.map(([keyId]) => keyId)).toEqual(Object.keys(vectors.secrets));
    expect(isProvedBy(new Keyring(vectors.cluster, [new Secret(Buffer.alloc(32, 1))]), steps)).toBe(false);
  });

  it('gives each member each secret that was sealed for it', async () => {
    const sealed = rosters.flatMap(sealedIn);
    for (const { keyId, nodeId, identityKey, envelope } of sealed) {
      const key = privateKeyOf('x25519', personOf(identityKey).sealing_private);
      const bound = { clusterId: vectors.cluster, epoch: envelope.epoch, nodeId };
      const secret = await openEnvelope(envelope, key, { purpose: 'cluster_secret', ...bound });
      expect(secret && Buffer.from(secret).toString('base64')).toBe(vectors.secrets[keyId]);
    }
    expect(new Set(sealed.map(({ keyId }) => keyId)).size).toBe(3);
  });
});

describe('a step of the vectors is refused', () => {
  it.each(vectors.refused)('$title: $fault', ({ after, text, fault }) => {
    const reading = readText(text);
    if (!reading.ok) return expect('unreadable').toBe(fault);
    const advanced = follow(after === null ? undefined : rosters[after], reading.step);
    expect(advanced).toMatchObject({ ok: false, fault });
  });

  it('and any that is larger than a step can be', () => {
    expect(readStep(Buffer.alloc(ROSTER_STEP_MAX_BYTES + 1, ' '))).toEqual({
      ok: false,
      reason: 'Larger than 262144 bytes',
    });
  });
});

it.skipIf(!HAS_PYTHON)('in Python all are judged the same (skipped without python3 and cryptography)', () => {
  expect(judgedInPython('roster')).toBe('0 judged otherwise\n');
});
