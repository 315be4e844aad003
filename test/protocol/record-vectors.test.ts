/**
 * The vectors of docs/protocol/records.md. They were made by test/vectors/records.py, which shares no code with
 * us; nothing here makes or mends the file.
 */
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeHex } from '../../src/base/bytes.ts';
import { Secret } from '../../src/base/secret.ts';
import { canonicalText, inSubset, type JsonObject } from '../../src/protocol/canonical-json.ts';
import type { Mark } from '../../src/protocol/freshness.ts';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import {
  deriveClusterId,
  Keyring,
  keyIdOf,
  RECORD_TYPES,
  type RecordType,
} from '../../src/protocol/keyring.ts';
import { HEARTBEAT_MAX_AGE_SECONDS, NODE_RECORD_MAX_AGE_SECONDS } from '../../src/protocol/limits.ts';
import { digestOf, openRecord, type Standing, signedBytes, signRecord } from '../../src/protocol/record.ts';
import { REFUSAL_CODES, type RefusalCode } from '../../src/protocol/refusal.ts';
import { HAS_PYTHON, judgedInPython, vectorsOf } from '../vectors/vectors.ts';
import { privateKeyOf } from './private-keys.ts';

interface RecordVector {
  type: RecordType;
  unsigned: JsonObject;
  signed_bytes: string;
  signature: string;
  node_signature: string;
  record: string;
  sha256: string;
}

interface Case {
  title: string;
  type: RecordType;
  slot: string;
  standing: Standing['kind'];
  known_key?: string;
  now: number;
  seen: Mark | null;
  text?: string;
  base64?: string;
  code: RefusalCode | 'old_news' | null;
}

interface Vectors {
  secret: string;
  cluster_id: string;
  derived_cluster_id: string;
  key_id: string;
  mac_keys: Record<RecordType, string>;
  identity: { seed: string; public_key: string };
  records: RecordVector[];
  cases: Case[];
}

const vectors = vectorsOf<Vectors>('records');
const secret = new Secret(decodeBase64(vectors.secret) ?? new Uint8Array());
const keyring = new Keyring(vectors.cluster_id, [secret]);

const identity = privateKeyOf('ed25519', vectors.identity.seed);

function standingOf({ standing, known_key: identityKey = '' }: Case): Standing {
  return standing === 'known' ? { kind: 'known', identityKey } : { kind: standing };
}

function judge(one: Case): Case['code'] {
  const bytes =
    one.base64 === undefined ? Buffer.from(one.text ?? '', 'utf8') : Buffer.from(one.base64, 'base64');
  const opening = openRecord(bytes, {
    keyring,
    type: one.type,
    slot: one.slot,
    window: {
      nowSeconds: one.now,
      maxAgeSeconds: one.type === 'node' ? NODE_RECORD_MAX_AGE_SECONDS : HEARTBEAT_MAX_AGE_SECONDS,
      clockToleranceSeconds: 5,
    },
    standing: () => standingOf(one),
    seen: () => one.seen ?? undefined,
  });
  if (opening.ok === false) return opening.refusal.code;
  return opening.ok === true ? null : opening.ok;
}

describe('the keys of the vectors', () => {
  it('are derived from the secret as the file says', () => {
    expect(keyIdOf(secret)).toBe(vectors.key_id);
    expect(deriveClusterId(secret)).toBe(vectors.derived_cluster_id);
    for (const type of RECORD_TYPES) {
      expect(encodeHex(keyring.signing.macKeys[type].export())).toBe(vectors.mac_keys[type]);
    }
    expect(publicKeyText(identity)).toBe(vectors.identity.public_key);
  });
});

describe.each(vectors.records)('the $type record of the vectors', (vector) => {
  const fields = JSON.parse(vector.record) as JsonObject;

  it('is canonical, and what is signed are these bytes', () => {
    expect(canonicalText(fields)).toBe(vector.record);
    expect(Buffer.from(signedBytes(inSubset(fields))).toString('utf8')).toBe(vector.signed_bytes);
    expect(digestOf(Buffer.from(vector.record, 'utf8'))).toBe(vector.sha256);
  });

  it('is signed to the same bytes by us', () => {
    const {
      node_id,
      _timestamp,
      _incarnation,
      _sequence,
      _type,
      _cluster,
      _key_id,
      _security_version,
      ...body
    } = vector.unsigned;
    const draft = {
      type: vector.type,
      nodeId: String(node_id),
      timestamp: Number(_timestamp),
      incarnation: Number(_incarnation),
      sequence: Number(_sequence),
      body,
    };
    const bytes = signRecord(draft, keyring, identity);
    expect(Buffer.from(bytes).toString('utf8')).toBe(vector.record);
  });
});

describe('the cases of the vectors', () => {
  it.each(vectors.cases)('$title: $code', (one) => {
    expect(judge(one)).toBe(one.code);
  });

  it('show every code but the one that only a rotation gives', () => {
    const shown = new Set(vectors.cases.map(({ code }) => code));
    expect(REFUSAL_CODES.filter((code) => !shown.has(code))).toEqual(['retired_key']);
  });
});

it.skipIf(!HAS_PYTHON)('in Python all are judged the same (skipped without python3 and cryptography)', () => {
  expect(judgedInPython('records')).toMatch(/^2 records and \d\d cases, 0 judged otherwise\n$/);
});
