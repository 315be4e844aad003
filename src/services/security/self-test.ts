/**
 * This server's own checks, tried: records that must be refused are made with the keys in use now and shown to the
 * verifier in use now, and each must be refused for its own reason. A verifier that refuses everything fails too:
 * the first record is good.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { publicKeyText } from '../../protocol/identity-key.ts';
import type { Keyring, RecordType } from '../../protocol/keyring.ts';
import { NODE_RECORD_MAX_AGE_SECONDS } from '../../protocol/limits.ts';
import type { NodeRecordBody } from '../../protocol/node-record.ts';
import { openRecord, signRecord, type Verifier } from '../../protocol/record.ts';
import type { RefusalCode } from '../../protocol/refusal.ts';
import type { SecurityLine } from './security-line.ts';

/** Seconds by which a record is too old: twice what is allowed. */
const STALE_SECONDS = 2 * NODE_RECORD_MAX_AGE_SECONDS;
const ACCEPTED = 'accepted';

export interface SelfTestParts {
  readonly keyring: Keyring;
  readonly nodeId: string;
  readonly signingKey: KeyObject;
  readonly body: NodeRecordBody;
  readonly nowSeconds: number;
  readonly clockToleranceSeconds: number;
}

interface Trial {
  readonly code: string;
  readonly what: string;
  readonly expected: RefusalCode | typeof ACCEPTED;
  readonly make: () => Uint8Array;
}

/** `open`: the verifier that is put to the test. */
export function selfTest(parts: SelfTestParts, open = openRecord): SecurityLine[] {
  const verifier = verifierOf(parts);
  return trialsOf(parts).map(({ code, what, expected, make }) => {
    const seen = seenOf(() => open(make(), verifier));
    const state = seen === expected ? 'pass' : 'fail';
    return { code, group: 'self_test', state, what, expected, seen, mend: state === 'pass' ? null : MEND };
  });
}

const MEND =
  'This server does not check records as it should: stop it, install the program again, and compare with the others.';

function trialsOf(parts: SelfTestParts): Trial[] {
  const sign = (change: Partial<Draft> = {}) => signed(parts, change);
  return [
    { code: 'own_record', what: 'A record of its own, as it is', expected: ACCEPTED, make: () => sign() },
    {
      code: 'flipped_bit',
      what: 'The same record with one bit flipped',
      expected: 'invalid_signature',
      make: () => withFlippedBit(sign()),
    },
    {
      code: 'other_type',
      what: 'The same, signed as a heartbeat and shown as a node record',
      expected: 'wrong_type',
      make: () => sign({ type: 'heartbeat' }),
    },
    {
      code: 'old_record',
      what: `A record of its own of ${STALE_SECONDS / 60} minutes ago`,
      expected: 'timestamp_old',
      make: () => sign({ timestamp: parts.nowSeconds - STALE_SECONDS }),
    },
    {
      code: 'other_key',
      what: 'A record in its name with the cluster secret and the key of another server',
      expected: 'bad_node_signature',
      make: () => sign({ key: generateKeyPairSync('ed25519').privateKey }),
    },
  ];
}

interface Draft {
  readonly type: RecordType;
  readonly timestamp: number;
  readonly key: KeyObject;
}

function signed({ keyring, nodeId, signingKey, body, nowSeconds }: SelfTestParts, change: Partial<Draft>) {
  const { type = 'node', timestamp = nowSeconds, key = signingKey } = change;
  const order = { timestamp, incarnation: 1, sequence: 1 };
  return signRecord({ type, nodeId, body: { ...body }, ...order }, keyring, key);
}

/** The last digit of the time: another digit, so that form, order and all that comes before the MAC stay right. */
function withFlippedBit(record: Uint8Array): Uint8Array {
  const bytes = Buffer.from(record);
  const [found = ''] = /"_timestamp":\d+/.exec(bytes.toString('latin1')) ?? [];
  const at = bytes.indexOf(found) + found.length - 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

function verifierOf({ keyring, nodeId, signingKey, nowSeconds, clockToleranceSeconds }: SelfTestParts) {
  const identityKey = publicKeyText(signingKey);
  const window = { nowSeconds, maxAgeSeconds: NODE_RECORD_MAX_AGE_SECONDS, clockToleranceSeconds };
  const verifier: Verifier = {
    keyring,
    type: 'node',
    slot: nodeId,
    window,
    standing: () => ({ kind: 'known', identityKey }),
    seen: () => undefined,
  };
  return verifier;
}

/** A verifier that breaks down has not refused anything. */
function seenOf(open: () => ReturnType<typeof openRecord>): string {
  try {
    const opening = open();
    if (opening.ok === false) return opening.refusal.code;
    return opening.ok === true ? ACCEPTED : 'old news';
  } catch (error) {
    return `broke down: ${error instanceof Error ? error.message : String(error)}`;
  }
}
