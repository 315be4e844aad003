/** Who signs packages: both files or neither, and each what it is named for. */
import { describe } from 'vitest';
import { refuses, takes } from './whole-file.ts';

const BOTH = 'package:\n  sign_key: key.pem\n  sign_chain: chain.pem\n';
const CHAIN = ['chain.pem', 'CERT'] as const;
const KEY = ['key.pem', 'KEY', 0o600] as const;

describe('is refused', () => {
  refuses({
    'a signing key without its certificates': {
      more: 'package:\n  sign_key: key.pem\n',
      files: [KEY],
      is: 'sign_files_missing package.sign_chain 5:1',
      says: /sign_key is given, and package\.sign_chain is not/,
      mend: /Add `sign_chain`/,
    },
    'certificates without their key': {
      more: 'package:\n  sign_chain: chain.pem\n',
      files: [CHAIN],
      is: 'sign_files_missing package.sign_key 5:1',
      says: /sign_chain is given, and package\.sign_key is not/,
      mend: /Add `sign_key`/,
    },
    'a signing key that others may read': {
      more: BOTH,
      files: [CHAIN, ['key.pem', 'KEY', 0o644]],
      is: 'file_mode package.sign_key 6:13',
      says: /key\.pem: its mode is 0644; expected 0600/,
      mend: /chmod 600/,
    },
    'a chain that is a key': {
      more: BOTH,
      files: [['chain.pem', 'KEY'], KEY],
      is: 'no_certificate package.sign_chain 7:15',
      says: /holds no certificate/,
      mend: /BEGIN CERTIFICATE/,
    },
    'a signing key that is away': {
      more: BOTH,
      files: [CHAIN],
      is: 'file_missing package.sign_key 6:13',
      says: /key\.pem: there is no such file/,
      mend: /Check the path/,
    },
  });
});

describe('is taken', () => {
  takes({ 'a signing key that only we may read, and its certificates': { more: BOTH, files: [CHAIN, KEY] } });
});
