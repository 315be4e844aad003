/**
 * What somebody may leave in the registry under a name that is no member's: each with the code it is refused
 * with and the words that stand in the log. All but the last few are signed with the true secret, or were before
 * they were changed, so that each shows the one check it is about.
 */
import type { JsonObject } from '../../src/protocol/canonical-json.ts';
import { generateSecretText, type RecordType } from '../../src/protocol/keyring.ts';
import type { RefusalCode } from '../../src/protocol/refusal.ts';
import { keyringOf, newIdentityKey, nowSeconds, type RecordForger } from './record-forger.ts';

type Content = Uint8Array | string;

export interface StrangerRecord {
  readonly title: string;
  /** The slot's name; also what the record claims to be, unless `claims` says otherwise. */
  readonly nodeId: string;
  readonly type: RecordType;
  readonly claims: string;
  readonly code: RefusalCode;
  /** Behind "Rejecting node X: ". */
  readonly reason: RegExp;
  readonly content: (forger: RecordForger, nodeId: string) => Content;
}

interface Extra {
  readonly type?: RecordType;
  readonly nodeId?: string;
  readonly claims?: string;
}

const RECORDS: StrangerRecord[] = [];

function stranger(
  title: string,
  code: RefusalCode,
  reason: RegExp,
  content: StrangerRecord['content'],
  { type = 'node', nodeId = `stranger-${RECORDS.length + 1}`, claims = nodeId }: Extra = {},
): void {
  RECORDS.push({ title, nodeId, type, claims, code, reason, content });
}

/** A newcomer's node record with other fields, signed over them. */
const signed =
  (change: (fields: JsonObject) => JsonObject = (fields) => fields): StrangerRecord['content'] =>
  (forger, nodeId) => {
    const identityKey = newIdentityKey();
    return forger.sign(change(forger.nodeFields(nodeId, identityKey)), { type: 'node', identityKey });
  };

/** A good newcomer's record, its text changed after it was signed. */
const edited =
  (edit: (text: string) => string): StrangerRecord['content'] =>
  (forger, nodeId) =>
    edit(String(signed()(forger, nodeId)));

const without = (name: string) => (fields: JsonObject) =>
  Object.fromEntries(Object.entries(fields).filter(([one]) => one !== name));
const reordered = (text: string) =>
  JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse()));
const stripped = (name: string) => (text: string) => JSON.stringify(without(name)(JSON.parse(text)));

// No signature, or another's

stranger(
  "the seeds' attacker record as Python writes it",
  'not_canonical',
  /^Not in canonical form$/,
  () => '{"node_id": "attacker", "host": "10.0.0.666"}',
  { nodeId: 'attacker' },
);
stranger(
  "the seeds' attacker record in canonical form",
  'missing_signature',
  /^Missing signature$/,
  (_, nodeId) => `{"host":"10.0.0.666","node_id":"${nodeId}"}`,
);
stranger(
  'a record without its signature field',
  'missing_signature',
  /^Missing signature$/,
  edited(stripped('_signature')),
);
stranger(
  'a record whose signature is null',
  'missing_signature',
  /^Missing signature$/,
  edited((text) => text.replace(/"_signature":"[^"]*"/, '"_signature":null')),
);
stranger(
  'a record without the signature of its own key',
  'bad_node_signature',
  /^Not signed by the key of this server$/,
  edited(stripped('_node_signature')),
);
stranger(
  'a record signed with another secret',
  'unknown_key',
  /^Signed with another cluster secret$/,
  (forger, nodeId) => {
    const identityKey = newIdentityKey();
    const keyring = keyringOf(forger.keyring.clusterId, generateSecretText());
    const fields = { ...forger.nodeFields(nodeId, identityKey), _key_id: keyring.signing.keyId };
    return forger.sign(fields, { keyring, type: 'node', identityKey });
  },
);
stranger(
  "a record signed with another secret under our secret's name",
  'invalid_signature',
  /^Invalid signature - data tampered!$/,
  (forger, nodeId) => {
    const identityKey = newIdentityKey();
    const keyring = keyringOf(forger.keyring.clusterId, generateSecretText());
    return forger.sign(forger.nodeFields(nodeId, identityKey), { keyring, type: 'node', identityKey });
  },
);
stranger(
  'a record whose host was changed after it was signed',
  'invalid_signature',
  /^Invalid signature - data tampered!$/,
  edited((text) => text.replace('10.0.0.66', '10.0.0.67')),
);
stranger(
  'a record with one more field after it was signed',
  'invalid_signature',
  /^Invalid signature - data tampered!$/,
  edited((text) => text.replace(/\}$/, ',"zone":"b"}')),
);
stranger(
  'a record signed under the key of the other type',
  'invalid_signature',
  /^Invalid signature - data tampered!$/,
  (forger, nodeId) => {
    const identityKey = newIdentityKey();
    return forger.sign(forger.nodeFields(nodeId, identityKey), { type: 'heartbeat', identityKey });
  },
);

// Another time, cluster, version or type

stranger(
  'a newcomer whose clock is 60 s ahead',
  'timestamp_future',
  /^Timestamp in future \(([345]\d|60)s > 5s\)$/,
  signed((fields) => ({ ...fields, _timestamp: nowSeconds() + 60 })),
);
stranger(
  'a newcomer whose clock is 20 s ahead',
  'timestamp_future',
  /^Timestamp in future \((\d|1\d|20)s > 5s\)$/, // by as much less as it takes until it is read
  signed((fields) => ({ ...fields, _timestamp: nowSeconds() + 20 })),
);
stranger(
  'a newcomer whose clock is 301 s behind',
  'timestamp_old',
  /^Timestamp too old \(3\d\ds > 300s\)$/,
  signed((fields) => ({ ...fields, _timestamp: nowSeconds() - 301 })),
);
stranger(
  "the seeds' record of yesterday",
  'timestamp_old',
  /^Timestamp too old \(86[45]\d\ds > 300s\)$/,
  signed((fields) => ({ ...fields, _timestamp: nowSeconds() - 86_400 })),
);
stranger(
  'a record without a time',
  'missing_timestamp',
  /^Missing timestamp$/,
  signed(without('_timestamp')),
);
stranger(
  'a record of another cluster',
  'wrong_cluster',
  /^Of another cluster$/,
  signed((fields) => ({ ...fields, _cluster: '00112233445566778899aabbccddeeff' })),
);
stranger(
  "a record of the ancestor's version",
  'unsupported_version',
  /^Unsupported security version$/,
  signed((fields) => ({ ...fields, _security_version: '1.0' })),
);
stranger(
  'a record without a version',
  'unsupported_version',
  /^Unsupported security version$/,
  signed(without('_security_version')),
);
stranger('a node record in a heartbeat slot', 'wrong_type', /^Not a heartbeat record$/, signed(), {
  type: 'heartbeat',
});
stranger('a heartbeat in a node slot', 'wrong_type', /^Not a node record$/, (forger, nodeId) =>
  forger.sign(forger.heartbeatFields(nodeId, '0'.repeat(64), {}), {
    type: 'heartbeat',
    identityKey: newIdentityKey(),
  }),
);
stranger(
  'a heartbeat of somebody who has no node record',
  'not_member',
  /^No node record vouches for this server$/,
  (forger, nodeId) =>
    forger.sign(forger.heartbeatFields(nodeId, '0'.repeat(64), {}), {
      type: 'heartbeat',
      identityKey: newIdentityKey(),
    }),
  { type: 'heartbeat' },
);
stranger(
  'an authentic record that does not say where its node is',
  'malformed',
  /^Not the body of a node record$/,
  signed(without('host')),
);

// Another spelling

stranger(
  'a record with spaces',
  'not_canonical',
  /^Not in canonical form$/,
  edited((text) => JSON.stringify(JSON.parse(text), null, 1)),
);
stranger(
  'a record with a newline at its end',
  'not_canonical',
  /^Not in canonical form$/,
  edited((text) => `${text}\n`),
);
stranger('a record in another order', 'not_canonical', /^Not in canonical form$/, edited(reordered));
stranger(
  'a record with a name given twice',
  'not_canonical',
  /^Not in canonical form$/,
  edited((text) => text.replace('"host":', '"host":"10.0.0.67","host":')),
);
stranger(
  'a record with a letter spelt as an escape',
  'not_canonical',
  /^Not in canonical form$/,
  edited((text) => text.replace('example', '\\u0065xample')),
);
stranger(
  'a record with a number spelt as a fraction',
  'not_canonical',
  /^Not in canonical form$/,
  edited((text) => text.replace('"port":8768', '"port":8768.0')),
);
stranger(
  'a record with __proto__ in its canonical place',
  'invalid_signature',
  /^Invalid signature - data tampered!$/,
  edited((text) => text.replace('{', '{"__proto__":{"host":"10.0.0.67","state":"up"},')),
);
stranger(
  'a record with __proto__ at its end',
  'not_canonical',
  /^Not in canonical form$/,
  edited((text) => text.replace(/\}$/, ',"__proto__":{"host":"10.0.0.67"}}')),
);
stranger(
  'a record with the number 1e+21',
  'malformed',
  /^A number is not a safe integer$/,
  edited((text) => text.replace('"port":8768', '"port":1e+21')),
);
stranger(
  'a record with a lone surrogate',
  'malformed',
  /^A string has a lone surrogate$/,
  edited((text) => text.replace('example.com', '\\ud800')),
);
stranger(
  'a record with a name that is not ASCII',
  'malformed',
  /^A name is not ASCII$/,
  edited((text) => text.replace('"port":', '"p\u{f6}rt":')),
);
stranger(
  'a record with a negative sequence',
  'malformed',
  /^Not the shape of a record$/,
  signed((fields) => ({ ...fields, _sequence: -1 })),
);

// No record at all

const RAW: readonly (readonly [title: string, code: RefusalCode, reason: RegExp, content: Content])[] = [
  ['nothing', 'malformed', /^Not JSON$/, ''],
  ['half a record', 'malformed', /^Not JSON$/, '{"host":"10.0'],
  ['an array', 'malformed', /^Not a JSON object$/, '[]'],
  ['null', 'malformed', /^Not a JSON object$/, 'null'],
  ['bytes that are not UTF-8', 'malformed', /^Not UTF-8$/, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  [
    '2,700 objects, one in the other',
    'malformed',
    /^Nested deeper than 8$/,
    `${'{"a":'.repeat(2700)}1${'}'.repeat(2700)}`,
  ],
  [
    '200,000 arrays, one in the other',
    'too_large',
    /^Larger than 16384 bytes$/,
    '['.repeat(200_000) + ']'.repeat(200_000),
  ],
  ['50 MB', 'too_large', /^Larger than 16384 bytes$/, Buffer.alloc(50_000_000, 'x')],
];
for (const [title, code, reason, content] of RAW) stranger(title, code, reason, () => content);

const HOSTILE_NAME = 'evil\u001b[2J\n2026-01-01T00:00:00Z INFO  Registered node: \u202elive';
stranger(
  'a record whose name was made to fool a terminal',
  'missing_signature',
  /^Missing signature$/,
  () => JSON.stringify({ node_id: HOSTILE_NAME }),
  { claims: 'evil\\u001b[2J\\u000a2026-01-01T00:00:00Z INFO  Registered node: \\u202elive' },
);

export const STRANGER_RECORDS: readonly StrangerRecord[] = RECORDS;
