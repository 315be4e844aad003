/** What authorities were allowed, and their certificates are for: where openssl refuses a chain, we do. */
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { chainFault } from '../../src/installer/certificates.ts';
import { checkTrust } from '../../src/installer/signature-reader.ts';
import { ask } from './foreign.ts';
import { SigningAuthority } from './signing-authority.ts';

let authority: SigningAuthority;
beforeAll(() => {
  authority = new SigningAuthority();
});
afterAll(() => authority.remove());

const AUTHORITY = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
const SIGNER = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];
const CODE = [...SIGNER, 'extendedKeyUsage=codeSigning'];
const UNKNOWN = '1.3.6.1.4.1.55555.1=critical,DER:0500';
const NAMES = 'permitted;dirName:allowed\n[allowed]\nCN=Allowed';
const AUTHORITY_WITH = (line: string) => [...AUTHORITY, line];

/** Extensions of the leaf, and of each authority between it and the root. */
type Chain = readonly [leaf: readonly string[], ...authorities: readonly (readonly string[])[]];

/** The names of the files, the leaf first, the root last. */
function issue([leaf, ...authorities]: Chain): string[] {
  const names = ['root'];
  for (const [index, lines] of [...authorities.toReversed(), leaf].entries()) {
    const name = index === authorities.length ? 'leaf' : `authority-${index + 1}`;
    authority.allow(`limits-${++kinds}`, ...lines);
    authority.issue(`chain-${name}`, { subject: name, by: names[0] ?? '', as: `limits-${kinds}` });
    names.unshift(`chain-${name}`);
  }
  return names;
}
let kinds = 0;

function faultOf(names: readonly string[]): string | null {
  const certificates = names.map((name) => new X509Certificate(authority.pem(name)));
  const facts = { signer: 'leaf', certificates, kinds: [], signedAt: null, beside: null };
  try {
    const fault = chainFault(certificates);
    if (fault === null) checkTrust(facts, certificates.slice(-1), Date.now());
    return fault;
  } catch (error) {
    if (error instanceof AtlasError && error.code === 'package_damaged') return error.message;
    throw error;
  }
}

function isGoodToOpenssl([leaf = '', ...above]: readonly string[]): boolean {
  writeFileSync(authority.path('above.pem'), above.map((name) => authority.pem(name)).join(''));
  const chain = ['-CAfile', authority.path('root.pem'), '-untrusted', authority.path('above.pem')];
  return ask('openssl', ['verify', '-purpose', 'any', ...chain, authority.path(`${leaf}.pem`)]).status === 0;
}

describe('a chain', () => {
  it.each<[string, Chain]>([
    ['as most are', [CODE, AUTHORITY]],
    ['of a leaf alone', [CODE]],
    ['whose leaf names no use', [['basicConstraints=CA:FALSE'], AUTHORITY]],
    ['with as many authorities as are allowed', [CODE, AUTHORITY, [`${AUTHORITY[0]},pathlen:1`]]],
    [
      'whose authorities are for code as well',
      [CODE, AUTHORITY_WITH('extendedKeyUsage=serverAuth,codeSigning')],
    ],
    ['whose authorities are for any use', [CODE, AUTHORITY_WITH('extendedKeyUsage=anyExtendedKeyUsage')]],
  ])('%s is believed, by openssl too', (_, chain) => {
    const names = issue(chain);
    expect([faultOf(names), isGoodToOpenssl(names)]).toEqual([null, true]);
  });

  it.each<[string, Chain, RegExp]>([
    [
      'more authorities than one allows',
      [CODE, AUTHORITY, [`${AUTHORITY[0]},pathlen:0`]],
      /^The certificate authority-1 allows 0 authorities below it, and there are 1\.$/,
    ],
    [
      'a limit of names',
      [CODE, AUTHORITY_WITH(`nameConstraints=critical,${NAMES}`)],
      /authority-1 sets a limit that is not understood here: nameConstraints/,
    ],
    [
      'a limit of names that is not critical',
      [CODE, AUTHORITY_WITH(`nameConstraints=${NAMES}`)],
      /authority-1 sets a limit that is not understood here: nameConstraints/,
    ],
    [
      'a limit that nobody knows',
      [CODE, AUTHORITY_WITH(UNKNOWN)],
      /authority-1 sets a limit that is not understood here: 1\.3\.6\.1\.4\.1\.55555\.1/,
    ],
    [
      'a limit that nobody knows, of the leaf',
      [[...CODE, UNKNOWN], AUTHORITY],
      /leaf sets a limit that is not understood here/,
    ],
    ['a leaf that issues', [CODE, SIGNER], /which may not issue it: by its name, its key usage/],
    [
      'one that is no authority',
      [CODE, ['basicConstraints=CA:FALSE']],
      /^The certificate authority-1 is no authority, and has issued another one\.$/,
    ],
    [
      'an authority for lists alone',
      [CODE, [AUTHORITY[0] ?? '', 'keyUsage=cRLSign']],
      /which may not issue it: by its name, its key usage/,
    ],
  ])('with %s is refused, by openssl too', (_, chain, sentence) => {
    const names = issue(chain);
    expect(faultOf(names)).toMatch(sentence);
    expect(isGoodToOpenssl(names)).toBe(false);
  });

  /** What a signature is used for, `openssl verify -purpose any` does not ask. */
  it.each<[string, Chain, RegExp]>([
    [
      'an authority for web servers',
      [CODE, AUTHORITY_WITH('extendedKeyUsage=serverAuth')],
      /^The certificate authority-1 is an authority for another use than signing packages or code\.$/,
    ],
    [
      'an authority for code, and a leaf for installers',
      [
        [...SIGNER, 'extendedKeyUsage=1.2.840.113635.100.4.13'],
        AUTHORITY_WITH('extendedKeyUsage=codeSigning'),
      ],
      /^The certificate authority-1 is an authority for another use/,
    ],
    [
      'a leaf for keys alone',
      [['basicConstraints=CA:FALSE', 'keyUsage=critical,keyEncipherment'], AUTHORITY],
      /^The certificate leaf is not for signatures: its key usage does not say so\.$/,
    ],
  ])('with %s is refused', (_, chain, sentence) => {
    expect(faultOf(issue(chain))).toMatch(sentence);
  });
});
