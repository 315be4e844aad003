import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../src/base/bytes.ts';
import type { JsonObject } from '../../src/protocol/canonical-json.ts';
import type { Mark } from '../../src/protocol/freshness.ts';
import { Keyring, type RecordType } from '../../src/protocol/keyring.ts';
import { RECORD_MAX_BYTES } from '../../src/protocol/limits.ts';
import {
  digestOf,
  type Opening,
  openRecord,
  type Standing,
  signRecord,
  type Verifier,
} from '../../src/protocol/record.ts';
import { REFUSAL_CODES, type RefusalCode } from '../../src/protocol/refusal.ts';
import {
  bytesOf,
  CLUSTER_ID,
  fieldsOf,
  forge,
  KEYRING,
  NOW,
  OTHER_KEYRING,
  Signer,
  secretOf,
  without,
} from './signer.ts';

const alice = new Signer('alice');
const mallory = new Signer('mallory');
const known: Standing = { kind: 'known', identityKey: alice.identityKey };

function verifierOf(type: RecordType, changes: Partial<Verifier> = {}): Verifier {
  return {
    keyring: KEYRING,
    type,
    slot: 'alice',
    window: { nowSeconds: NOW, maxAgeSeconds: type === 'node' ? 300 : 30, clockToleranceSeconds: 5 },
    standing: () => known,
    seen: () => undefined,
    ...changes,
  };
}

const stranger = { standing: () => ({ kind: 'stranger' }) as const };
const openNode = (bytes: Uint8Array, changes?: Partial<Verifier>) =>
  openRecord(bytes, verifierOf('node', changes));
const openHeartbeat = (bytes: Uint8Array, changes?: Partial<Verifier>) =>
  openRecord(bytes, verifierOf('heartbeat', changes));
const refusalOf = (opening: Opening) => (opening.ok === false ? opening.refusal : undefined);

describe('a signed record', () => {
  it('opens as what was signed, with the keys it was verified with', () => {
    const bytes = alice.heartbeat({ sequence: 9 });
    const opening = openHeartbeat(bytes);
    expect(opening).toMatchObject({
      ok: true,
      record: {
        type: 'heartbeat',
        nodeId: 'alice',
        mark: { incarnation: NOW * 1000, sequence: 9, timestamp: NOW, digest: digestOf(bytes) },
        keyId: KEYRING.signing.keyId,
        identityKey: alice.identityKey,
        fields: fieldsOf(bytes),
      },
    });
  });

  it('of a stranger brings its key along, if it is a node record', () => {
    expect(openNode(alice.node(), stranger)).toMatchObject({
      ok: true,
      record: { identityKey: alice.identityKey },
    });
    expect(refusalOf(openHeartbeat(alice.heartbeat(), stranger))).toEqual({
      code: 'not_member',
      reason: 'No node record vouches for this server',
    });
  });

  it('is refused when any of its fields has another value, is missing, or is joined by one more', () => {
    const fields = fieldsOf(alice.node());
    const believed: string[] = [];
    const tryOut = (what: string, changed: JsonObject) => {
      const opening = openNode(bytesOf(changed), stranger);
      if (opening.ok !== false) believed.push(what);
    };
    for (const [name, value] of Object.entries(fields)) {
      const other = typeof value === 'number' ? value + 1 : `${value}x`;
      tryOut(`${name} changed`, { ...fields, [name]: other });
      tryOut(`${name} null`, { ...fields, [name]: null });
      tryOut(`${name} missing`, without(fields, name));
    }
    tryOut('one more', { ...fields, zone: 'b' });
    tryOut('__proto__', JSON.parse(`{"__proto__":{"a":1},${JSON.stringify(fields).slice(1)}`));
    expect(believed).toEqual([]);
  });

  it('is refused with any single byte changed to any other value', () => {
    const bytes = alice.heartbeat({}, { accepts: [] });
    const changed = Uint8Array.from(bytes);
    const verifier = verifierOf('heartbeat');
    const believed: string[] = [];
    for (let at = 0; at < bytes.byteLength; at += 1) {
      for (let value = 0; value < 256; value += 1) {
        if (value === bytes[at]) continue;
        changed[at] = value;
        if (openRecord(changed, verifier).ok !== false) believed.push(`${at}: ${value}`);
      }
      changed[at] = bytes[at] ?? 0;
    }
    expect(believed).toEqual([]);
    expect(openRecord(changed, verifier).ok).toBe(true);
  });

  it('is refused when cut anywhere, or continued', () => {
    const bytes = alice.heartbeat();
    for (let length = 0; length < bytes.byteLength; length += 1) {
      expect(refusalOf(openHeartbeat(bytes.subarray(0, length)))?.code).toBe('malformed');
    }
    expect(refusalOf(openHeartbeat(Buffer.concat([bytes, bytes])))?.code).toBe('malformed');
  });

  it('has no second form of its own signature: one of the same equation is refused', () => {
    const fields = fieldsOf(alice.node());
    const signature = decodeBase64(String(fields._node_signature)) ?? Buffer.alloc(64);
    // RFC 8032, 5.1.7: S + L satisfies the equation where S is not checked to be below L.
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
    const raised = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
    const twin = encodeBase64(Buffer.concat([signature.subarray(0, 32), raised]));
    expect(refusalOf(openNode(bytesOf({ ...fields, _node_signature: twin })))).toEqual({
      code: 'bad_node_signature',
      reason: 'Not signed by the key of this server',
    });
  });
});

/** One fault of a record, at the place where it is made: before the signing, after it, in the text, or in what the verifier knows. */
interface Fault {
  readonly code: RefusalCode;
  readonly reason: string;
  readonly unsigned?: (fields: JsonObject) => JsonObject;
  readonly signed?: (fields: JsonObject) => JsonObject;
  readonly text?: (text: string) => string;
  readonly verifier?: Partial<Verifier>;
}

const window = (nowSeconds: number) => ({ nowSeconds, maxAgeSeconds: 300, clockToleranceSeconds: 5 });
const seen = (mark: Partial<Mark>) => ({
  seen: () => ({ incarnation: NOW * 1000, sequence: 1, timestamp: NOW, digest: '00', ...mark }),
});

/** In the order of the checks. */
const FAULTS: readonly Fault[] = [
  {
    code: 'too_large',
    reason: 'Larger than 16384 bytes',
    text: (text) => text.padEnd(RECORD_MAX_BYTES + 1),
  },
  {
    code: 'malformed',
    reason: 'A number is not a safe integer',
    text: (text) => text.replace('{', '{"0":0.5,'),
  },
  { code: 'not_canonical', reason: 'Not in canonical form', text: (text) => ` ${text}` },
  {
    code: 'malformed',
    reason: 'Not the shape of a record',
    unsigned: (fields) => ({ ...fields, _sequence: -1 }),
  },
  {
    code: 'missing_signature',
    reason: 'Missing signature',
    signed: (fields) => without(fields, '_signature'),
  },
  {
    code: 'missing_timestamp',
    reason: 'Missing timestamp',
    unsigned: (fields) => without(fields, '_timestamp'),
  },
  {
    code: 'unsupported_version',
    reason: 'Unsupported security version',
    unsigned: (fields) => ({ ...fields, _security_version: '1.0' }),
  },
  {
    code: 'wrong_cluster',
    reason: 'Of another cluster',
    unsigned: (fields) => ({ ...fields, _cluster: 'ff'.repeat(16) }),
  },
  {
    code: 'wrong_type',
    reason: 'Not a node record',
    unsigned: (fields) => ({ ...fields, _type: 'heartbeat' }),
  },
  {
    code: 'unknown_key',
    reason: 'Signed with another cluster secret',
    unsigned: (fields) => ({ ...fields, _key_id: OTHER_KEYRING.signing.keyId }),
  },
  {
    code: 'invalid_signature',
    reason: 'Invalid signature - data tampered!',
    signed: (fields) =>
      '_signature' in fields ? { ...fields, _signature: encodeBase64(Buffer.alloc(32)) } : fields,
  },
  { code: 'wrong_slot', reason: "Record of alice under another's key", verifier: { slot: 'bob' } },
  { code: 'evicted', reason: 'This server was evicted', verifier: { standing: () => ({ kind: 'evicted' }) } },
  {
    code: 'not_member',
    reason: 'No node record vouches for this server',
    unsigned: (fields) => without(fields, 'identity_key'),
    verifier: stranger,
  },
  {
    code: 'bad_node_signature',
    reason: 'Not signed by the key of this server',
    signed: (fields) => without(fields, '_node_signature'),
  },
  {
    code: 'timestamp_future',
    reason: 'Timestamp in future (6s > 5s)',
    verifier: { window: window(NOW - 6) },
  },
  {
    code: 'timestamp_old',
    reason: 'Timestamp too old (301s > 300s)',
    verifier: { window: window(NOW + 301) },
  },
  {
    code: 'replayed',
    reason: 'Replayed: an older record than one already seen',
    verifier: seen({ sequence: 2 }),
  },
  {
    code: 'clone',
    reason: 'Two different records under one sequence number',
    verifier: seen({}),
  },
];

/** A record with all these faults; where two are of the same place, the first has the last word. */
function openWith(...faults: readonly Fault[]): Opening {
  const late = faults.toReversed();
  const apply = <T>(value: T, change: (fault: Fault) => ((value: T) => T) | undefined) =>
    late.reduce((before, fault) => change(fault)?.(before) ?? before, value);
  const unsigned = apply(
    without(without(fieldsOf(alice.node()), '_signature'), '_node_signature'),
    (f) => f.unsigned,
  );
  const signed = apply(forge(unsigned, alice), (fault) => fault.signed);
  const text = apply(JSON.stringify(Object.fromEntries(Object.entries(signed).sort(byName))), (f) => f.text);
  const verifier = Object.assign({}, ...late.map((fault) => fault.verifier));
  return openRecord(Buffer.from(text, 'utf8'), verifierOf('node', verifier));
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

const EXCLUSIVE = new Set(['timestamp_future timestamp_old', 'replayed clone']);
const PAIRS = FAULTS.flatMap((first, i) =>
  FAULTS.slice(i + 1)
    .filter((second) => !EXCLUSIVE.has(`${first.code} ${second.code}`))
    .map((second) => ({ first, second })),
);

describe('the order of the checks', () => {
  it('a record without a fault is believed', () => {
    expect(openWith()).toMatchObject({ ok: true });
  });

  it.each(FAULTS)('one fault: $code ($reason)', (fault) => {
    expect(refusalOf(openWith(fault))).toEqual({ code: fault.code, reason: fault.reason });
  });

  it.each(PAIRS)('two faults: $first.code ($first.reason) comes before $second.code', ({ first, second }) => {
    expect(refusalOf(openWith(first, second))).toEqual({ code: first.code, reason: first.reason });
  });

  it('is the order in which the codes are listed; retired_key needs a rotation', () => {
    const checked = new Set(FAULTS.map(({ code }) => code));
    expect(REFUSAL_CODES.filter((code) => code !== 'retired_key')).toEqual([...checked]);
  });
});

describe('a retired secret', () => {
  const keyring = new Keyring(CLUSTER_ID, [secretOf('the secret of the tests'), secretOf('the next')]);
  const [retired = '', next = ''] = keyring.acceptedIds;
  keyring.follow({ signs: next, accepts: [next], retired: [retired] });

  it('is told apart from one that was never known', () => {
    expect(refusalOf(openNode(alice.node(), { keyring }))).toEqual({
      code: 'retired_key',
      reason: 'Signed with a retired cluster secret',
    });
  });

  it('in the slot of somebody who was evicted says that it was', () => {
    const standing = () => ({ kind: 'evicted' }) as const;
    expect(refusalOf(openNode(alice.node(), { keyring, standing }))?.code).toBe('evicted');
    const unknown = openNode(alice.node(), { keyring: OTHER_KEYRING, standing });
    expect(refusalOf(unknown)?.code).toBe('unknown_key');
  });
});

describe('what only somebody with the secret could try', () => {
  it('a heartbeat signed under the key of node records is tampered with', () => {
    const fields = fieldsOf(alice.heartbeat());
    expect(refusalOf(openHeartbeat(bytesOf(forge(fields, alice, { type: 'node' }))))?.code).toBe(
      'invalid_signature',
    );
  });

  it('a record for another, signed with an own key, is refused, whatever key it brings along', () => {
    const fields = { ...fieldsOf(alice.node()), identity_key: mallory.identityKey };
    expect(refusalOf(openNode(bytesOf(forge(fields, mallory))))?.code).toBe('bad_node_signature');
    const beat = fieldsOf(alice.heartbeat());
    expect(refusalOf(openHeartbeat(bytesOf(forge(beat, mallory, { type: 'heartbeat' }))))?.code).toBe(
      'bad_node_signature',
    );
  });

  it('a node record signed with the known key that names another is refused, so that all know one key', () => {
    const fields = { ...fieldsOf(alice.node()), identity_key: mallory.identityKey };
    expect(refusalOf(openNode(bytesOf(forge(fields, alice))))).toEqual({
      code: 'bad_node_signature',
      reason: 'Not signed by the key of this server',
    });
  });

  it.each([
    ['no key', ''],
    ['31 bytes', encodeBase64(Buffer.alloc(31, 1))],
    ['no point of the curve', encodeBase64(Buffer.alloc(32, 0xff))],
  ])('a stranger whose key is %s is refused', (_, identity_key) => {
    const fields = { ...fieldsOf(alice.node()), identity_key };
    expect(refusalOf(openNode(bytesOf(forge(fields, alice)), stranger))?.code).toBe('bad_node_signature');
  });

  it('a claimed name of any length is not carried into the reason', () => {
    const fields = { ...fieldsOf(alice.node()), node_id: 'x'.repeat(5000) };
    expect(refusalOf(openNode(bytesOf(forge(fields, alice))))).toEqual({
      code: 'wrong_slot',
      reason: `Record of ${'x'.repeat(40)} under another's key`,
    });
  });
});

describe('the time of an authentic record', () => {
  const mark = (bytes: Uint8Array, sequence: number): Mark => ({
    incarnation: NOW * 1000,
    sequence,
    timestamp: NOW,
    digest: digestOf(bytes),
  });
  const later = (seconds: number) => ({
    window: { nowSeconds: NOW + seconds, maxAgeSeconds: 30, clockToleranceSeconds: 5 },
  });

  it('the same bytes again are old news, at any age', () => {
    const bytes = alice.heartbeat();
    const again = { seen: () => mark(bytes, 1) };
    expect(openHeartbeat(bytes, again)).toEqual({ ok: 'old_news' });
    expect(openHeartbeat(bytes, { ...again, ...later(86_400) })).toEqual({ ok: 'old_news' });
  });

  it('outside the window and ahead of all seen it shows life with a wrong clock', () => {
    const ahead = alice.heartbeat({ sequence: 2 });
    expect(openHeartbeat(ahead, { seen: () => mark(alice.heartbeat(), 1), ...later(60) })).toEqual({
      ok: false,
      refusal: { code: 'timestamp_old', reason: 'Timestamp too old (60s > 30s)' },
      wrongClock: mark(ahead, 2),
    });
  });

  it('outside the window and behind what was seen it shows nothing', () => {
    expect(openHeartbeat(alice.heartbeat(), { seen: () => mark(alice.node(), 2), ...later(60) })).toEqual({
      ok: false,
      refusal: { code: 'timestamp_old', reason: 'Timestamp too old (60s > 30s)' },
    });
  });
});

describe('signRecord', () => {
  const draft = (body: JsonObject) => ({
    type: 'node' as const,
    nodeId: 'alice',
    timestamp: NOW,
    incarnation: NOW * 1000,
    sequence: 1,
    body,
  });

  it('makes nothing that would not be accepted', () => {
    const sign = (body: JsonObject) => signRecord(draft(body), KEYRING, alice.key);
    expect(() => sign({ a: 'x'.repeat(RECORD_MAX_BYTES) })).toThrow('a record has at most 16384 bytes');
    expect(() => sign({ a: 0.5 })).toThrow('not canonical JSON: A number is not a safe integer');
    expect(() => sign({ a: '\ud800' })).toThrow('not canonical JSON: A string has a lone surrogate');
    expect(() => sign({ ä: 1 })).toThrow('not canonical JSON: A name is not ASCII');
  });

  it('does not let a body speak for the envelope', () => {
    const body = { ...alice.nodeBody(), node_id: 'bob', _timestamp: 0, _cluster: '', _signature: 'x' };
    expect(openNode(signRecord(draft(body), KEYRING, alice.key))).toMatchObject({
      ok: true,
      record: { nodeId: 'alice', mark: { timestamp: NOW } },
    });
  });

  it('holds a full cluster: 256 peers with the longest names and the highest incarnations', () => {
    const seen = Object.fromEntries(
      Array.from({ length: 256 }, (_, i) => [`n${i}`.padEnd(40, 'x'), Number.MAX_SAFE_INTEGER]),
    );
    const bytes = alice.heartbeat({}, { seen });
    expect(bytes.byteLength).toBeLessThanOrEqual(RECORD_MAX_BYTES);
    expect(openHeartbeat(bytes)).toMatchObject({ ok: true });
  });
});

describe('at security level 1', () => {
  const open = new Signer('alice', null);
  const level1 = { keyring: null, ...stranger };

  it('records carry no signature and none is asked for', () => {
    const bytes = open.node();
    expect(fieldsOf(bytes)).not.toHaveProperty('_signature');
    expect(fieldsOf(bytes)).not.toHaveProperty('_node_signature');
    expect(openNode(bytes, level1)).toMatchObject({ ok: true, record: { keyId: null, identityKey: null } });
  });

  it('a key id that somebody claims is not shown as one that was verified', () => {
    const bytes = bytesOf({ ...fieldsOf(open.node()), _key_id: KEYRING.signing.keyId });
    expect(openNode(bytes, level1)).toMatchObject({ ok: true, record: { keyId: null } });
  });

  it.each([
    ['version', { _security_version: '1.0' }, 'unsupported_version', 'Unsupported security version'],
    ['type', { _type: 'heartbeat' }, 'wrong_type', 'Not a node record'],
    ['slot', { node_id: 'bob' }, 'wrong_slot', "Record of bob under another's key"],
    ['time', { _timestamp: NOW - 301 }, 'timestamp_old', 'Timestamp too old (301s > 300s)'],
  ])('the %s is still looked at', (_, change, code, reason) => {
    const bytes = bytesOf({ ...fieldsOf(open.node()), ...change });
    expect(refusalOf(openNode(bytes, level1))).toEqual({ code, reason });
  });

  it('and a server with a secret does not believe such records', () => {
    expect(refusalOf(openNode(open.node(), stranger))).toEqual({
      code: 'missing_signature',
      reason: 'Missing signature',
    });
  });
});
