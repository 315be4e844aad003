/** The bodies of both types, at the door: every field in its bounds, one beyond them refused. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/protocol/canonical-json.ts';
import { parseHeartbeat } from '../../src/protocol/heartbeat.ts';
import type { RecordType } from '../../src/protocol/keyring.ts';
import { parseNodeRecord } from '../../src/protocol/node-record.ts';
import { openRecord, type VerifiedRecord } from '../../src/protocol/record.ts';
import { bytesOf, fieldsOf, forge, KEYRING, NOW, Signer, without } from './signer.ts';

const alice = new Signer('alice');

function open(type: RecordType, fields: JsonObject): VerifiedRecord {
  const opening = openRecord(bytesOf(forge(fields, alice, { type })), {
    keyring: KEYRING,
    type,
    slot: 'alice',
    window: { nowSeconds: NOW, maxAgeSeconds: 300, clockToleranceSeconds: 5 },
    standing: () => ({ kind: 'known', identityKey: alice.identityKey }),
    seen: () => undefined,
  });
  if (opening.ok !== true) throw new Error('the record itself is good');
  return opening.record;
}

const NODE = fieldsOf(alice.node());
const HEARTBEAT = fieldsOf(alice.heartbeat());
const node = (change: JsonObject) => parseNodeRecord(open('node', { ...NODE, ...change }));
const heartbeat = (change: JsonObject) => parseHeartbeat(open('heartbeat', { ...HEARTBEAT, ...change }));
const KEY_IDS = Array.from({ length: 17 }, (_, i) => i.toString(16).padStart(16, '0'));

describe('the body of a node record', () => {
  it('is read as written, without the envelope and without fields of later versions', () => {
    expect(node({ zone: 'b' })).toEqual(alice.nodeBody());
  });

  it.each([
    { hostname: 'Zoë’s Mac Studio 🖥' },
    { hostname: 'x'.repeat(253) },
    { port: 1 },
    { port: 65_535 },
    { started_at: 0 },
    { started_at: 253_402_300_799 },
    { tls_spki_sha256: Buffer.alloc(32, 1).toString('base64') },
  ])('takes %j', (change) => {
    expect(node(change)).toMatchObject(change);
  });

  it.each([
    { hostname: '' },
    { hostname: 'x'.repeat(254) },
    { host: 1 },
    { host: 'x'.repeat(254) },
    { port: 0 },
    { port: 65_536 },
    { port: '8768' },
    { version: 'x'.repeat(65) },
    { started_at: -1 },
    { started_at: 253_402_300_800 },
    { started_at: Number.MAX_SAFE_INTEGER },
    { sealing_key: 'short' },
    { sealing_key: 'x'.repeat(44) },
    { sealing_key: Buffer.alloc(32, 0xff).toString('base64url') },
    { sealing_key: Buffer.alloc(32).toString('base64') },
    { tls_spki_sha256: Buffer.alloc(33).toString('base64') },
    { tls_spki_sha256: null },
  ])('is none with %j', (change) => {
    expect(node(change)).toBeUndefined();
  });

  it.each(['hostname', 'host', 'port', 'version', 'started_at', 'sealing_key'])(
    'is none without %s',
    (name) => {
      expect(parseNodeRecord(open('node', without(NODE, name)))).toBeUndefined();
    },
  );

  it('is none of a heartbeat, whatever fields that carries', () => {
    expect(parseNodeRecord(open('heartbeat', { ...HEARTBEAT, ...alice.nodeBody() }))).toBeUndefined();
  });
});

describe('the body of a heartbeat', () => {
  it('is read as written, without the envelope and without fields of later versions', () => {
    expect(heartbeat({ mood: 'fine' })).toEqual({ ...alice.heartbeatBody(), record: HEARTBEAT.record });
  });

  it.each([
    { state: 'draining' },
    { state: 'left' },
    { accepts: [], signs: null },
    { accepts: KEY_IDS.slice(1) },
    { seen: { bob: 0, constructor: 7, '10': 1, '9': 2 } },
    { contested: { since: 7 } },
    { contested: { since: 7, twin: null } },
    { contested: { since: 7, twin: { host: 'other.example', port: 8769 } } },
  ])('takes %j', (change) => {
    expect(heartbeat(change)).toMatchObject(change);
  });

  it.each([
    { record: 'ab'.repeat(31) },
    { record: 'AB'.repeat(32) },
    { state: 'dead' },
    { accepts: KEY_IDS },
    { accepts: ['xyz'] },
    { signs: '' },
    { load: {} },
    { load: { reports_per_minute: -1 } },
    { contested: {} },
    { contested: { since: -1 } },
    { contested: { since: 7, twin: { host: '', port: 8769 } } },
    { seen: [] },
    { seen: { bob: -1 } },
    { seen: { bob: '1' } },
    { seen: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`n${i}`, 1])) },
  ])('is none with %j', (change) => {
    expect(heartbeat(change)).toBeUndefined();
  });

  it.each(['record', 'state', 'accepts', 'signs', 'load', 'seen'])('is none without %s', (name) => {
    expect(parseHeartbeat(open('heartbeat', without(HEARTBEAT, name)))).toBeUndefined();
  });

  it('is none of a node record, whatever fields that carries', () => {
    expect(parseHeartbeat(open('node', { ...NODE, ...alice.heartbeatBody() }))).toBeUndefined();
  });
});
