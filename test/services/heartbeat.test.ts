import { beforeEach, describe, expect, it } from 'vitest';
import type { DeclaredState } from '../../src/protocol/heartbeat.ts';
import type { Keyring, RecordType } from '../../src/protocol/keyring.ts';
import type { NodeRecordBody } from '../../src/protocol/node-record.ts';
import { digestOf } from '../../src/protocol/record.ts';
import { Heartbeat } from '../../src/services/cluster/heartbeat.ts';
import { ManualClock } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';
import { FakeRegistry } from '../fakes/member-store.ts';
import { fieldsOf, KEYRING, Signer } from '../protocol/signer.ts';

const INTERVAL_MS = 10_000;

let clock: ManualClock;
let registry: FakeRegistry;
let log: FakeLog;
let signer: Signer;
let body: NodeRecordBody;
let seen: Record<string, number>;
let incarnation: number;

beforeEach(() => {
  clock = new ManualClock();
  registry = new FakeRegistry();
  log = new FakeLog();
  signer = new Signer('a');
  body = signer.nodeBody();
  seen = {};
  incarnation = 100;
});

function make(keyring: Keyring | null = KEYRING): Heartbeat {
  return new Heartbeat({
    store: registry.store('a'),
    clock,
    log,
    keyring,
    signingKey: signer.key,
    nodeId: 'a',
    intervalMs: INTERVAL_MS,
    describe: () => body,
    load: () => ({ reports_per_minute: 42 }),
    roster: () => undefined,
    freshen: async () => {},
    seen: () => seen,
    nextIncarnation: async () => {
      incarnation += 1;
      return incarnation;
    },
  });
}

async function start(): Promise<Heartbeat> {
  const heartbeat = make();
  await heartbeat.start();
  return heartbeat;
}

const lying = (type: RecordType) => fieldsOf(registry.capture(type, 'a'));
const slots = () => ({
  nodeId: 'a',
  node: registry.get('node', 'a'),
  heartbeat: registry.get('heartbeat', 'a'),
});
const sentences = () => log.lines.map(({ sentence }) => sentence);

describe('the first beat', () => {
  it('puts a node record and the heartbeat that names it into our own two slots', async () => {
    seen = { b: 7 };
    await start();
    expect(lying('node')).toMatchObject({ ...body, node_id: 'a', _incarnation: 101, _sequence: 1 });
    expect(lying('heartbeat')).toMatchObject({
      node_id: 'a',
      record: digestOf(registry.capture('node', 'a')),
      state: 'up',
      accepts: [KEYRING.signing.keyId],
      signs: KEYRING.signing.keyId,
      load: { reports_per_minute: 42 },
      seen: { b: 7 },
      _incarnation: 101,
      _sequence: 1,
      _timestamp: Math.floor(clock.wallMs() / 1000),
    });
    expect(registry.nodeIds).toEqual(['a']);
    expect(sentences()).toEqual(['Node data signed: a', 'Registered node in cluster: a']);
  });

  it('does not wait for a registry that is away; a later one gets through, and names a record that is there', async () => {
    registry.writable = false;
    const heartbeat = await start();
    expect(heartbeat.writtenAtMs).toBeNull();
    await clock.advance(3 * INTERVAL_MS);
    registry.writable = true;
    await clock.advance(1000);
    expect(heartbeat.writtenAtMs).toBe(clock.monotonicMs());
    expect(lying('heartbeat').record).toBe(digestOf(registry.capture('node', 'a')));
  });

  it('does not come without an incarnation on the disk', async () => {
    const heartbeat = new Heartbeat({
      ...{ store: registry.store('a'), clock, log, keyring: KEYRING, signingKey: signer.key, nodeId: 'a' },
      ...{
        intervalMs: INTERVAL_MS,
        describe: () => body,
        load: () => ({ reports_per_minute: 0 }),
        roster: () => undefined,
        freshen: async () => {},
        seen: () => ({}),
      },
      nextIncarnation: () => Promise.reject(new Error('no space left on device')),
    });
    await expect(heartbeat.start()).rejects.toThrow('no space left on device');
    expect(registry.nodeIds).toEqual([]);
    expect(clock.waiting).toBe(0);
  });
});

describe('each further beat', () => {
  it('raises the sequence by one, in its own time', async () => {
    await start();
    for (let sequence = 2; sequence < 6; sequence += 1) {
      await clock.advance(INTERVAL_MS);
      expect(lying('heartbeat')).toMatchObject({ _sequence: sequence, _incarnation: 101 });
    }
  });

  it('leaves the node record as it is, until two minutes have passed', async () => {
    await start();
    const first = registry.capture('node', 'a');
    await clock.advance(11 * INTERVAL_MS);
    expect(registry.capture('node', 'a')).toEqual(first);
    body = { ...body, host: 'moved.example.org' };
    await clock.advance(INTERVAL_MS);
    expect(lying('node')).toMatchObject({ _sequence: 2, host: 'moved.example.org' });
    expect(lying('heartbeat').record).toBe(digestOf(registry.capture('node', 'a')));
  });

  it('after one that could not be written signs the node record again, so that none is named that never came', async () => {
    await start();
    await clock.advance(11 * INTERVAL_MS);
    registry.writable = false;
    await clock.advance(INTERVAL_MS);
    registry.writable = true;
    await clock.advance(INTERVAL_MS);
    expect(lying('heartbeat').record).toBe(digestOf(registry.capture('node', 'a')));
    expect(lying('node')._sequence).toBe(3);
  });

  it('is made out of turn when somebody new waits to be named, and changes nothing of the turn', async () => {
    const heartbeat = await start();
    await clock.advance(INTERVAL_MS / 2);
    await heartbeat.speakNow();
    expect(lying('heartbeat')._sequence).toBe(2);
    await clock.advance(INTERVAL_MS / 2);
    expect(lying('heartbeat')._sequence).toBe(3);
  });

  it('is not made out of turn after the last word', async () => {
    const heartbeat = await start();
    await heartbeat.leave();
    await heartbeat.speakNow();
    expect(lying('heartbeat')).toMatchObject({ state: 'left', _sequence: 2 });
  });

  it('that cannot be written is said once in a minute, with the reason', async () => {
    await start();
    registry.writable = false;
    await clock.advance(9 * INTERVAL_MS);
    const warned = log.lines.filter(({ level }) => level === 'warn');
    expect(warned.map(({ sentence, fields }) => [sentence, fields])).toEqual([
      ['Heartbeat not written; trying again', { reason: 'the registry memory cannot be used', times: 1 }],
      ['Heartbeat not written; trying again', { reason: 'the registry memory cannot be used', times: 60 }],
    ]);
  });
});

describe('what cannot be signed', () => {
  it('is not published: nothing at the start, and nothing over what lies there', async () => {
    body = { ...body, port: 0.5 };
    await start();
    expect(registry.nodeIds).toEqual([]);
    body = signer.nodeBody();
    await clock.advance(INTERVAL_MS);
    const before = slots();
    seen = { b: Number.NaN };
    await clock.advance(3 * INTERVAL_MS);
    expect(slots()).toEqual(before);
    expect(log.lines.findLast(({ level }) => level === 'warn')?.fields.reason).toBe(
      'not canonical JSON: A number is not a safe integer',
    );
  });
});

describe('the end', () => {
  it('is told at once: draining, then left, and then silence', async () => {
    const heartbeat = await start();
    await heartbeat.drain();
    expect(lying('heartbeat')).toMatchObject({ state: 'draining' satisfies DeclaredState, _sequence: 2 });
    await clock.advance(INTERVAL_MS);
    expect(lying('heartbeat')).toMatchObject({ state: 'draining', _sequence: 3 });
    await heartbeat.leave();
    expect(lying('heartbeat')).toMatchObject({ state: 'left', _sequence: 4 });
    await clock.advance(10 * INTERVAL_MS);
    expect(lying('heartbeat')._sequence).toBe(4);
    expect(clock.waiting).toBe(0);
  });

  it('comes after a beat under way, so that the last word is the last', async () => {
    const heartbeat = await start();
    const ends = [heartbeat.drain(), heartbeat.leave()];
    await Promise.all(ends);
    expect(lying('heartbeat')).toMatchObject({ state: 'left', _sequence: 3 });
  });

  it('with a registry that is away is the end all the same', async () => {
    const heartbeat = await start();
    registry.writable = false;
    await heartbeat.leave();
    expect(clock.waiting).toBe(0);
    expect(lying('heartbeat').state).toBe('up');
  });
});

describe('our own slots', () => {
  const later = () => clock.monotonicMs() + 1;

  it('hold what is ours: the last record, and no other', async () => {
    const heartbeat = await start();
    const first = slots();
    await clock.advance(INTERVAL_MS);
    expect(heartbeat.owns(slots(), later())).toEqual({ node: true, heartbeat: true });
    expect(heartbeat.owns(first, later())).toEqual({ node: true, heartbeat: false });
  });

  it('are not judged when a write ended after they began to be read, or failed', async () => {
    const heartbeat = await start();
    const before = clock.monotonicMs();
    expect(heartbeat.owns(slots(), before)).toBeNull();
    registry.writable = false;
    await clock.advance(INTERVAL_MS);
    expect(heartbeat.owns(slots(), later())).toBeNull();
  });

  it.each(['missing', 'changed'])(
    'that are %s are not, and the node record comes again at the next beat',
    async (how) => {
      const heartbeat = await start();
      if (how === 'missing') registry.flush();
      else registry.put('node', 'a', '{}');
      expect(heartbeat.owns(slots(), later())?.node).toBe(false);
      await clock.advance(INTERVAL_MS);
      expect(lying('node')._sequence).toBe(2);
      expect(heartbeat.owns(slots(), later())).toEqual({ node: true, heartbeat: true });
    },
  );
});

describe('a new incarnation', () => {
  it('counts from the beginning, with both records', async () => {
    const heartbeat = await start();
    await clock.advance(3 * INTERVAL_MS);
    await heartbeat.reincarnate(0, (since) => ({ since }));
    await clock.advance(INTERVAL_MS);
    for (const type of ['node', 'heartbeat'] as const) {
      expect(lying(type)).toMatchObject({ _incarnation: 102, _sequence: 1 });
    }
    expect(heartbeat.incarnation).toBe(102);
    expect(heartbeat.mark('heartbeat')).toMatchObject({ incarnation: 102, sequence: 1 });
  });
});

describe('beside a twin', () => {
  it('every heartbeat says what was said with the new incarnation', async () => {
    const heartbeat = await start();
    expect(lying('heartbeat')).not.toHaveProperty('contested');
    const said = await heartbeat.reincarnate(0, (since) => ({ since, twin: null }));
    expect(said).toEqual({ since: 102, twin: null });
    for (let beat = 0; beat < 2; beat += 1) {
      await clock.advance(INTERVAL_MS);
      expect(lying('heartbeat').contested).toEqual(said);
    }
  });

  it('silence is silence: no beat, none out of turn, no last word, and no trouble with the registry', async () => {
    const heartbeat = await start();
    await heartbeat.fallSilent({ host: 'other.example', port: 8769 });
    registry.flush();
    await clock.advance(3 * INTERVAL_MS);
    await heartbeat.speakNow();
    await heartbeat.drain();
    await heartbeat.leave();
    expect(slots()).toMatchObject({ node: { kind: 'missing' }, heartbeat: { kind: 'missing' } });
    expect([heartbeat.isSilent, heartbeat.trouble, clock.waiting]).toEqual([true, null, 0]);
    expect(heartbeat.contested?.twin).toEqual({ host: 'other.example', port: 8769 });
  });
});

describe('at security level 1', () => {
  it('the records are the same without signatures and keys', async () => {
    await make(null).start();
    expect(lying('heartbeat')).toMatchObject({ accepts: [], signs: null, _sequence: 1 });
    expect(Object.keys({ ...lying('node'), ...lying('heartbeat') })).not.toContain('_signature');
  });
});
