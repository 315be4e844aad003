import { spawnSync } from 'node:child_process';
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeHex } from '../../src/base/bytes.ts';
import { Secret } from '../../src/base/secret.ts';
import {
  deriveClusterId,
  generateSecretText,
  Keyring,
  keyIdOf,
  parseSecret,
  RECORD_TYPES,
} from '../../src/protocol/keyring.ts';
import { CLUSTER_ID, secretOf } from './signer.ts';

/** RFC 5869 by hand: extract, then expand. An empty salt is 32 zero bytes. */
function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer {
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
    createHmac('sha256', key).update(Buffer.concat(parts)).digest();
  const key = hmac(salt.byteLength === 0 ? new Uint8Array(32) : salt, secret);
  let block = Buffer.alloc(0);
  let out = Buffer.alloc(0);
  for (let i = 1; out.byteLength < length; i += 1) {
    block = hmac(key, block, info, Uint8Array.of(i));
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, length);
}

const text = (words: string) => Buffer.from(words, 'utf8');
const bytes = Buffer.from(secretOf('the secret of the tests').reveal());
const secret = new Secret(bytes);

describe('HKDF', () => {
  it('by hand gives what RFC 5869, appendix A.1, prints, and what Node gives', () => {
    const ikm = Buffer.alloc(22, 0x0b);
    const salt = Buffer.from('000102030405060708090a0b0c', 'hex');
    const info = Buffer.from('f0f1f2f3f4f5f6f7f8f9', 'hex');
    const okm = '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865';
    expect(hkdf(ikm, salt, info, 42).toString('hex')).toBe(okm);
    expect(Buffer.from(hkdfSync('sha256', ikm, salt, info, 42)).toString('hex')).toBe(okm);
  });

  it('by hand gives what RFC 5869, appendix A.3, prints for no salt', () => {
    const okm = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8';
    expect(hkdf(Buffer.alloc(22, 0x0b), Buffer.alloc(0), Buffer.alloc(0), 42).toString('hex')).toBe(okm);
  });
});

describe('what is derived from a secret', () => {
  const none = Buffer.alloc(0);

  it('is what HKDF by hand derives', () => {
    expect(keyIdOf(secret)).toBe(hkdf(bytes, none, text('key-id'), 8).toString('hex'));
    expect(deriveClusterId(secret)).toBe(
      hkdf(bytes, none, text('atlas-fleet/2.0/cluster-id'), 16).toString('hex'),
    );
    const keyring = new Keyring(CLUSTER_ID, [secret]);
    for (const type of RECORD_TYPES) {
      const derived = hkdf(bytes, Buffer.from(CLUSTER_ID, 'hex'), text(`atlas-fleet/2.0/record/${type}`), 32);
      expect(encodeHex(keyring.signing.macKeys[type].export())).toBe(derived.toString('hex'));
    }
  });

  const openssl = (...args: string[]) =>
    spawnSync('sh', ['-c', 'openssl "$@"', 'sh', ...args], { encoding: 'utf8' });
  const OPENSSL = openssl('kdf', '-help').status === 0;
  it.skipIf(!OPENSSL)('is what openssl derives (skipped without openssl kdf)', () => {
    const options = {
      digest: 'SHA256',
      hexkey: bytes.toString('hex'),
      hexsalt: CLUSTER_ID,
      info: 'atlas-fleet/2.0/record/node',
    };
    const given = Object.entries(options).flatMap(([name, value]) => ['-kdfopt', `${name}:${value}`]);
    const { stdout } = openssl('kdf', '-keylen', '32', ...given, 'HKDF');
    const keyring = new Keyring(CLUSTER_ID, [secret]);
    expect(stdout.trim().replaceAll(':', '').toLowerCase()).toBe(
      encodeHex(keyring.signing.macKeys.node.export()),
    );
  });

  it('differs with the type, the cluster and the secret, and the key id does not tell the cluster', () => {
    const here = new Keyring(CLUSTER_ID, [secret]).signing;
    const elsewhere = new Keyring('ff'.repeat(16), [secret]).signing;
    const other = new Keyring(CLUSTER_ID, [secretOf('another')]).signing;
    const keys = [here, elsewhere, other].flatMap(({ macKeys }) => [macKeys.node, macKeys.heartbeat]);
    expect(new Set(keys.map((key) => encodeHex(key.export()))).size).toBe(6);
    expect(here.keyId).toBe(elsewhere.keyId);
    expect(here.keyId).not.toBe(other.keyId);
  });
});

describe('parseSecret', () => {
  it.each([
    [
      'YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmVfMzJfYnl0ZXM=',
      'published',
      'it is the sample from a published document; everybody has it',
    ],
    [
      'YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmU=',
      'published',
      'it is the sample from a published document; everybody has it',
    ],
    ['YmFzZTY0X2VuY29kZWRfc2VjcmV0X...', 'not_base64', 'it is not base64 (RFC 4648, with padding)'],
    ['NEW_SECRET_HERE', 'not_base64', 'it is not base64 (RFC 4648, with padding)'],
    ['generate_one_if_missing', 'not_base64', 'it is not base64 (RFC 4648, with padding)'],
  ])('refuses the sample %s of the seeds', (sample, fault, sentence) => {
    expect(parseSecret(sample)).toEqual({ ok: false, fault, sentence });
  });

  const GOOD = bytes.toString('base64');
  it.each([
    ['an empty text', '', 'too_short', 'it decodes to 0 bytes; at least 32 are needed'],
    [
      '31 bytes',
      randomBytes(31).toString('base64'),
      'too_short',
      'it decodes to 31 bytes; at least 32 are needed',
    ],
    ['no padding', GOOD.replace('=', ''), 'not_base64', 'it is not base64 (RFC 4648, with padding)'],
    ['a space before it', ` ${GOOD}`, 'not_base64', 'it is not base64 (RFC 4648, with padding)'],
    ['a newline after it', `${GOOD}\n`, 'not_base64', 'it is not base64 (RFC 4648, with padding)'],
    [
      'the letters of URLs',
      Buffer.alloc(33, 0xff).toString('base64url'),
      'not_base64',
      'it is not base64 (RFC 4648, with padding)',
    ],
    [
      'stray bits in its last letter',
      GOOD.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`),
      'not_base64',
      'it is not base64 (RFC 4648, with padding)',
    ],
    ['zeros', Buffer.alloc(32).toString('base64'), 'repeated_byte', 'it is one byte repeated'],
    [
      'one letter repeated',
      Buffer.alloc(48, 'a').toString('base64'),
      'repeated_byte',
      'it is one byte repeated',
    ],
  ])('refuses %s', (_, given, fault, sentence) => {
    expect(parseSecret(given)).toEqual({ ok: false, fault, sentence });
  });

  it('takes what generateSecretText makes: 32 bytes, never the same', () => {
    const [one, two] = [generateSecretText(), generateSecretText()];
    expect(parseSecret(one)).toMatchObject({ ok: true });
    expect(decodeBase64(one)?.byteLength).toBe(32);
    expect(one).not.toBe(two);
  });
});

describe('Keyring', () => {
  const old = secretOf('the secret before');

  it('signs with the first secret and accepts all, each by its id alone', () => {
    const keyring = new Keyring(CLUSTER_ID, [secret, old]);
    expect(keyring.signing.keyId).toBe(keyIdOf(secret));
    expect(keyring.acceptedIds).toEqual([keyIdOf(secret), keyIdOf(old)]);
    expect(keyring.find(keyIdOf(old))?.keyId).toBe(keyIdOf(old));
    expect(keyring.find(keyIdOf(secretOf('another')))).toBeUndefined();
    expect(keyring.find('constructor')).toBeUndefined();
  });

  it('holds one secret that was given twice once', () => {
    expect(new Keyring(CLUSTER_ID, [secret, secret]).acceptedIds).toEqual([keyIdOf(secret)]);
  });

  it.each(['', 'xyz', CLUSTER_ID.toUpperCase(), CLUSTER_ID.slice(2), `${CLUSTER_ID}00`])(
    'is not made for the cluster id "%s"',
    (clusterId) => {
      expect(() => new Keyring(clusterId, [secret])).toThrow(new TypeError('a cluster id is 32 hex digits'));
    },
  );

  it('shows no secret where it is printed', () => {
    const keyring = new Keyring(CLUSTER_ID, [secret]);
    const shown = `${JSON.stringify(keyring)} ${String(secret)} ${JSON.stringify({ secret })}`;
    expect(shown).not.toContain(bytes.toString('base64'));
    expect(shown).not.toContain(bytes.toString('hex'));
    expect(shown).toContain('[secret]');
  });
});
