/** What does not go together about the doors of a server and the way of an agent. */
import { describe } from 'vitest';
import { API_KEY } from '../config-file.ts';
import { each, refuses, takes, warnsOf } from './whole-file.ts';

const FILES = 'tls: files\ntls_cert: cert.pem\ntls_key: key.pem';
const CERT = ['cert.pem', 'CERT'] as const;
const KEY = ['key.pem', 'KEY', 0o600] as const;

describe('is refused', () => {
  refuses({
    'a config that others may read': { mode: 0o644, is: 'file_mode - 1:1', says: /0644/, mend: /chmod 600/ },
    'tls: files without a certificate': {
      server: 'tls: files\ntls_key: key.pem',
      files: [KEY],
      is: 'tls_files_missing server.tls_cert 1:1',
      says: /tls_cert is not given/,
      mend: /Add `tls_cert`/,
    },
    'a certificate that is away': {
      server: FILES,
      files: [KEY],
      is: 'file_missing server.tls_cert 6:13',
      says: /cert\.pem: there is no such file/,
      mend: /Check the path/,
    },
    'a certificate that is a key': {
      server: FILES,
      files: [['cert.pem', 'KEY'], KEY],
      is: 'no_certificate server.tls_cert 6:13',
      says: /holds no certificate/,
      mend: /BEGIN CERTIFICATE/,
    },
    'a private key that others may read': {
      server: FILES,
      files: [CERT, ['key.pem', 'KEY', 0o640]],
      is: 'file_mode server.tls_key 7:12',
      says: /key\.pem: its mode is 0640; expected 0600/,
      mend: /chmod 600/,
    },
    'a private key that is a certificate': {
      server: FILES,
      files: [CERT, ['key.pem', 'CERT', 0o600]],
      is: 'no_private_key server.tls_key 7:12',
      says: /holds no private key/,
      mend: /BEGIN PRIVATE KEY/,
    },
    'no TLS on an address that others reach': {
      server: 'tls: off',
      is: 'tls_off_exposed server.tls 5:8',
      says: /reached from other machines/,
      mend: /tls: own/,
    },
    ...each(['0.0.0.0/0', '128.0.0.0/1', '::/0', '::/1', '8000::/1', '::ffff:0:0/96'], (range) => [
      `proxies of ${range}, which is everybody`,
      {
        server: `trusted_proxies: ["10.0.0.7", "${range}"]`,
        is: 'trusts_everybody server.trusted_proxies 5:20',
        says: /everybody's addresses/,
        mend: /10\.0\.0\.7/,
      },
    ]),
    'an agent that reports to another machine in clear': {
      role: 'agent',
      more: `agent:\n  api_key: "${API_KEY}"\n  servers: ["https://a.example", "http://10.0.0.9:8768"]\n`,
      is: 'agent_in_clear agent.servers 7:12',
      says: /http:\/\/10\.0\.0\.9:8768.*in clear/,
      mend: /https:\/\//,
    },
    'an agent that pins the key of a server without TLS': {
      role: 'agent',
      more: `agent:\n  api_key: "${API_KEY}"\n  servers: ["http://127.0.0.1:8768"]\n  pins: ["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]\n`,
      is: 'pins_without_tls agent.pins 8:9',
      says: /shows no key/,
      mend: /https:\/\//,
    },
    'a timeout of two intervals': {
      file: 'node_timeout: 20',
      is: 'timeout_too_short cluster.node_timeout 9:17',
      says: /less than three/,
      mend: /node_timeout: 30/,
    },
  });
});

describe('is allowed, and said', () => {
  warnsOf({
    'a certificate beside tls: own': {
      server: 'tls_cert: cert.pem',
      is: 'not_used server.tls_cert 5:13',
      says: /while server\.tls is own/,
      mend: /tls: files/,
    },
  });
});

describe('is taken', () => {
  takes({
    'a certificate that all may read and a key that only we may': { server: FILES, files: [CERT, KEY] },
    'a key that not even we may write': { server: FILES, files: [CERT, ['key.pem', 'KEY', 0o400]] },
    'proxies of private ranges': {
      server: 'trusted_proxies: [10.0.0.0/8, 192.168.0.0/16, "fd00::/8", "::1"]',
    },
    'an agent on the machine of its server': {
      more: `agent:\n  servers: ["http://[::1]:8768", "http://localhost:1"]\n`,
    },
  });
});
