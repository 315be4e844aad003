/** That the search of the rehearsals finds a secret in every spelling, so that finding none means something. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../fakes/folder.ts';
import { findSecrets } from './secret-search.ts';

/** Their base64 has all that the two alphabets spell otherwise. */
const KEY = Buffer.from(Array.from({ length: 32 }, (_, at) => (at % 2 === 0 ? 0xfb : 0xff)));
const SECRETS = { key: KEY.toString('base64'), password: 'of "redis" \\ é%?' };
const PASSWORD = Buffer.from(SECRETS.password);

const around = (bytes: Buffer, before: number) =>
  Buffer.concat([Buffer.alloc(before, 'x'), bytes, Buffer.from('yz')]);
const inBase64 = (bytes: Buffer, alphabet: 'base64' | 'base64url', of = '') =>
  [0, 1, 2].map((before): [string, string] => [
    `${alphabet}${of} after ${before} bytes`,
    around(bytes, before).toString(alphabet),
  ]);

it.each<[string, string | Buffer]>([
  ['bytes', around(KEY, 1)],
  ['base64', SECRETS.key],
  ...inBase64(KEY, 'base64'),
  ...inBase64(KEY, 'base64url'),
  ...inBase64(Buffer.from(SECRETS.key), 'base64url', ' of its base64'),
  ['hex', KEY.toString('hex')],
  ['capital hex', KEY.toString('hex').toUpperCase()],
])('finds a key in %s', async (_, text) => {
  const folder = await makeFolder();
  writeFileSync(join(folder, 'file'), text);
  expect(findSecrets(SECRETS, folder)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^key in .*: file$/)]),
  );
  expect(findSecrets({ password: SECRETS.password }, folder)).toEqual([]);
});

it.each<[string, string | Buffer]>([
  ['plain text', SECRETS.password],
  ['JSON', JSON.stringify({ of: SECRETS.password })],
  ['an address', `redis://:${encodeURIComponent(SECRETS.password)}@localhost`],
  ...inBase64(PASSWORD, 'base64'),
  ...inBase64(PASSWORD, 'base64url'),
  ['hex', PASSWORD.toString('hex')],
])('finds a password in %s', async (_, text) => {
  const folder = await makeFolder();
  writeFileSync(join(folder, 'file'), text);
  expect(findSecrets(SECRETS, folder)).toEqual([expect.stringMatching(/^password in .*: file$/)]);
});

it('finds one in the name of a file', async () => {
  const folder = await makeFolder();
  writeFileSync(join(folder, KEY.toString('hex')), '');
  expect(findSecrets(SECRETS, folder)).toHaveLength(1);
});
