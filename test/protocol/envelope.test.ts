/** Envelopes, with a second opener (rfc9180.ts) as the witness that what is sealed is HPKE and not our own idea of it. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EnvelopeInfo, openEnvelope, sealTo } from '../../src/protocol/envelope.ts';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import type { Envelope } from '../../src/protocol/roster-step.ts';
import { privateKeyOf } from './private-keys.ts';
import { openSealed } from './rfc9180.ts';

const INFO: EnvelopeInfo = {
  purpose: 'cluster_secret',
  clusterId: '00112233445566778899aabbccddeeff',
  epoch: 7,
  nodeId: 'server-01',
};
const INFO_TEXT =
  'atlas-fleet/envelope/2.0\n{"cluster":"00112233445566778899aabbccddeeff","epoch":7,"node_id":"server-01","purpose":"cluster_secret"}';
const SECRET = Buffer.alloc(32, 5);

const node = generateKeyPairSync('x25519').privateKey;
const seal = (plaintext: Uint8Array = SECRET, info = INFO) => sealTo(publicKeyText(node), plaintext, info);

function openElsewhere({ enc, ciphertext }: Envelope, key: KeyObject): Buffer {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  return openSealed(key, { enc: bytes(enc), ciphertext: bytes(ciphertext), info: Buffer.from(INFO_TEXT) });
}

describe('the witness', () => {
  it('opens the message of RFC 9180, appendix A.1.1', () => {
    const key = privateKeyOf('x25519', '4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8');
    const hex = (text: string) => Buffer.from(text, 'hex');
    const opened = openSealed(key, {
      enc: hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
      ciphertext: hex(
        'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
      ),
      info: Buffer.from('Ode on a Grecian Urn'),
      aad: Buffer.from('Count-0'),
      aead: 1,
    });
    expect(opened.toString()).toBe('Beauty is truth, truth beauty');
  });
});

describe('an envelope', () => {
  it('is opened by the node it was sealed to, with our code and without it', async () => {
    const envelope = await seal();
    expect(await openEnvelope(envelope, node, INFO)).toEqual(new Uint8Array(SECRET));
    expect(openElsewhere(envelope, node)).toEqual(SECRET);
  });

  it('holds any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (plaintext) => {
        const envelope = await seal(plaintext);
        expect(await openEnvelope(envelope, node, INFO)).toEqual(plaintext);
        expect(openElsewhere(envelope, node)).toEqual(Buffer.from(plaintext));
      }),
      { numRuns: 50 },
    );
  });

  it('is another one each time', async () => {
    const [one, other] = [await seal(), await seal()];
    expect(one.enc).not.toBe(other.enc);
    expect(one.ciphertext).not.toBe(other.ciphertext);
  });

  it('is opened by nobody else', async () => {
    const stranger = generateKeyPairSync('x25519').privateKey;
    expect(await openEnvelope(await seal(), stranger, INFO)).toBeUndefined();
  });

  it.each<Partial<EnvelopeInfo>>([
    { purpose: 'join' },
    { clusterId: 'ff112233445566778899aabbccddeeff' },
    { epoch: 8 },
    { nodeId: 'server-02' },
  ])('does not open with another %j', async (change) => {
    expect(await openEnvelope(await seal(), node, { ...INFO, ...change })).toBeUndefined();
  });

  it('does not open when any bit of it was changed', async () => {
    const { enc, ciphertext } = await seal();
    const variants = [
      ...flipped(ciphertext).map((changed) => ({ enc, ciphertext: changed })),
      ...flipped(enc).map((changed) => ({ enc: changed, ciphertext })),
    ];
    const opened = await Promise.all(variants.map((variant) => openEnvelope(variant, node, INFO)));
    expect(variants).toHaveLength(8 * (32 + 48));
    // The key's top bit is masked away (RFC 7748), and bound by the key schedule all the same.
    expect(opened.filter((plaintext) => plaintext !== undefined)).toEqual([]);
  });

  it.each<[string, Envelope]>([
    ['of no bytes', { enc: '', ciphertext: '' }],
    ['with a key of 31 bytes', { enc: Buffer.alloc(31, 9).toString('base64'), ciphertext: 'AAAA' }],
    [
      'with a key of low order',
      { enc: Buffer.alloc(32).toString('base64'), ciphertext: Buffer.alloc(48).toString('base64') },
    ],
    ['with a ciphertext shorter than its tag', { enc: publicKeyText(node), ciphertext: 'AAAA' }],
    ['that is not base64', { enc: publicKeyText(node), ciphertext: 'no base64' }],
  ])('%s does not open', async (_, envelope) => {
    expect(await openEnvelope(envelope, node, INFO)).toBeUndefined();
  });
});

describe('nothing is sealed', () => {
  /** Points of low order, RFC 7748: whatever is agreed with them, everybody knows. */
  it.each([
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ])('to the point %s', async (hex) => {
    const sealing = sealTo(Buffer.from(hex, 'hex').toString('base64'), SECRET, INFO);
    await expect(sealing).rejects.toThrow(
      new TypeError('the sealing key of server-01 is no X25519 key to seal to'),
    );
  });

  it.each(['', 'AAAA', 'A'.repeat(43), `${publicKeyText(node)} `])('to the text "%s"', async (text) => {
    await expect(sealTo(text, SECRET, INFO)).rejects.toThrow(
      new TypeError('a sealing key is 32 bytes in base64'),
    );
  });
});

function flipped(base64: string): string[] {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from({ length: 8 * bytes.length }, (_, bit) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    return copy.toString('base64');
  });
}
