/** The vectors of docs/protocol/rotation.md, "Envelopes". They were made by test/vectors/envelopes.py. */
import { describe, expect, it } from 'vitest';
import { type EnvelopeInfo, openEnvelope, sealTo } from '../../src/protocol/envelope.ts';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import type { Envelope } from '../../src/protocol/roster-step.ts';
import { HAS_PYTHON, judgedInPython, vectorsOf } from '../vectors/vectors.ts';
import { privateKeyOf } from './private-keys.ts';
import { openSealed } from './rfc9180.ts';

interface Case {
  title: string;
  purpose: EnvelopeInfo['purpose'];
  cluster: string;
  epoch: number;
  node_id: string;
  envelope: Envelope;
}

interface Vectors {
  sealing_private: string;
  sealing_key: string;
  envelopes: (Case & { info: string; plaintext: string })[];
  refused: Case[];
  low_order: string[];
}

const vectors = vectorsOf<Vectors>('envelopes');
const key = privateKeyOf('x25519', vectors.sealing_private);
const bytes = (text: string) => Buffer.from(text, 'base64');
const infoOf = ({ purpose, cluster, epoch, node_id }: Case): EnvelopeInfo => ({
  purpose,
  clusterId: cluster,
  epoch,
  nodeId: node_id,
});

it('the key of the vectors is that of its private half', () => {
  expect(publicKeyText(key)).toBe(vectors.sealing_key);
});

describe.each(vectors.envelopes)('the envelope with $title', (one) => {
  it('opens', async () => {
    const plaintext = await openEnvelope(one.envelope, key, infoOf(one));
    expect(plaintext).toEqual(new Uint8Array(bytes(one.plaintext)));
  });

  it('is sealed by us under the info that the file says', async () => {
    const { enc, ciphertext } = await sealTo(vectors.sealing_key, bytes(one.plaintext), infoOf(one));
    const sealed = { enc: bytes(enc), ciphertext: bytes(ciphertext), info: Buffer.from(one.info) };
    expect(openSealed(key, sealed)).toEqual(bytes(one.plaintext));
  });
});

it.each(vectors.refused)('what is refused does not open: $title', async (one) => {
  expect(await openEnvelope(one.envelope, key, infoOf(one))).toBeUndefined();
});

it.each(vectors.low_order)('nothing is sealed to the point %s', async (hex) => {
  const [about] = vectors.envelopes;
  if (about === undefined) throw new Error('the file has envelopes');
  const sealing = sealTo(Buffer.from(hex, 'hex').toString('base64'), Buffer.alloc(32), infoOf(about));
  await expect(sealing).rejects.toThrow(
    new TypeError('the sealing key of server-01 is no X25519 key to seal to'),
  );
});

it.skipIf(!HAS_PYTHON)('in Python all are judged the same (skipped without python3 and cryptography)', () => {
  expect(judgedInPython('envelopes')).toBe('0 judged otherwise\n');
});
