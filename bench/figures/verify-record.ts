/**
 * Verifying a node record of 626 bytes, from bytes, on one thread. "To the MAC" is size, UTF-8, JSON, canonical form,
 * shape, version, cluster, type, key id, HMAC and the window: what verifyNodeData() promises, and more, for it begins
 * with bytes. "In full" is openRecord(): slot, standing, Ed25519 and novelty besides. Ed25519 is nine tenths of that.
 */
import { createHmac, createSecretKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { checkWindow } from '../../src/protocol/freshness.ts';
import { NODE_RECORD_MAX_AGE_SECONDS } from '../../src/protocol/limits.ts';
import { authenticate, openRecord, type Verifier } from '../../src/protocol/record.ts';
import { KEYRING, NOW, Signer } from '../../test/protocol/signer.ts';
import { type Figure, type Round, rowOf } from '../figure.ts';
import { ratePerSecond } from '../rate.ts';

const ROUNDS = 15;
const TURN_MS = 150;
const RECORD_BYTES = 626;
const RAW_BYTES = 600;
/** Records a second of the Python system that the seeds describe, on such a machine. */
const ANCESTOR = 47_000;

const signer = new Signer('fleet-01');
const record = signer.node({}, { hostname: 'fleet-01.hamburg.office.example' });
const window = { nowSeconds: NOW, maxAgeSeconds: NODE_RECORD_MAX_AGE_SECONDS, clockToleranceSeconds: 5 };
const verifier: Verifier = {
  keyring: KEYRING,
  type: 'node',
  slot: signer.nodeId,
  window,
  standing: () => ({ kind: 'known', identityKey: signer.identityKey }),
  seen: () => undefined,
};

function verifyToMac(): boolean {
  const authentic = authenticate(record, KEYRING, 'node');
  return authentic.ok && checkWindow(authentic.order.timestamp, window) === undefined;
}

function rounds(ours: () => unknown, raw: () => unknown): Round[] {
  const round = () => ({ value: ratePerSecond(ours, TURN_MS), raw: ratePerSecond(raw, TURN_MS) });
  round(); // for the compiler
  return Array.from({ length: ROUNDS }, round);
}

export const verifyRecord: Figure = {
  name: 'verify-record',
  async measure() {
    if (record.byteLength !== RECORD_BYTES) throw new Error(`the record has ${record.byteLength} bytes`);
    if (!verifyToMac() || openRecord(record, verifier).ok !== true)
      throw new Error('the record is not valid');
    const bytes = randomBytes(RAW_BYTES);
    const secret = createSecretKey(randomBytes(32));
    const mac = () => createHmac('sha256', secret).update(bytes).digest();
    const pair = generateKeyPairSync('ed25519');
    const signature = sign(null, bytes, pair.privateKey);
    const ed25519 = () => verify(null, bytes, pair.publicKey, signature);
    return [
      rowOf({
        figure: 'node record verified to the MAC',
        unit: 'records/s',
        goal: { value: { atLeast: 2 * ANCESTOR }, ratio: { atLeast: 0.25 } },
        rounds: rounds(verifyToMac, mac),
      }),
      rowOf({
        figure: 'node record verified in full',
        unit: 'records/s',
        rounds: rounds(() => openRecord(record, verifier), ed25519),
      }),
    ];
  },
};
