/** What secrets must not be, together. */
import { describe } from 'vitest';
import { API_KEY, CLUSTER_SECRET, ENCRYPTION_KEY } from '../config-file.ts';
import { each, refuses, takes, warnsOf } from './whole-file.ts';

describe('is refused', () => {
  refuses({
    'a cluster secret that is the encryption_key of the agents': {
      file: '',
      env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET: ENCRYPTION_KEY },
      is: 'secret_reused cluster.cluster_secret $ATLAS_FLEET_CLUSTER__CLUSTER_SECRET',
      says: /every agent holds/,
      mend: /secret generate/,
    },
    'a cluster secret that is the api_key of the agents, from a file of its own': {
      file: '',
      files: [['secret', `${API_KEY}\n`, 0o600]],
      env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE: 'DIR/secret' },
      is: 'secret_reused cluster.cluster_secret secret:1:1',
      says: /every agent holds/,
      mend: /secret generate/,
    },
    'a cluster secret in a file that others may read': {
      file: '',
      files: [['secret', `${CLUSTER_SECRET}\n`, 0o640]],
      env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE: 'DIR/secret' },
      is: 'file_mode cluster.cluster_secret secret:1:1',
      says: /0640/,
      mend: /chmod 600/,
    },
    'a cluster secret twice in the environment': {
      file: '',
      files: [['secret', `${CLUSTER_SECRET}\n`, 0o600]],
      env: {
        ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE: 'DIR/secret',
        ATLAS_FLEET_CLUSTER__CLUSTER_SECRET: CLUSTER_SECRET,
      },
      is: 'given_twice cluster.cluster_secret $ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE',
      says: /one of the two/,
      mend: /Unset/,
    },
    'a cluster secret that the environment empties': {
      file: '',
      env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET: '' },
      is: 'secret_empty cluster.cluster_secret $ATLAS_FLEET_CLUSTER__CLUSTER_SECRET',
      says: /its value is empty/,
      mend: /remove the line/,
    },
    ...each(
      [
        ['null', '~', 'secret_empty'],
        ['empty', '""', 'secret_empty'],
        ['published', '"YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmU="', 'secret_published'],
        ['short', '"c2hvcnQ="', 'secret_too_short'],
        ['no base64', '"correct horse battery staple of sense"', 'secret_not_base64'],
      ],
      ([what = '', value = '', code = '']) => [
        `a cluster secret that is ${what}`,
        {
          more: `cluster:\n  enabled: true\n  cluster_secret: ${value}\n`,
          is: `${code} cluster.cluster_secret 7:19`,
          says: /cluster_secret/,
          mend: /secret generate/,
        },
      ],
    ),
    'admission by ticket without a cluster secret': {
      more: 'cluster:\n  enabled: true\n  admission: ticket\n',
      is: 'ticket_without_secret cluster.admission 7:14',
      says: /anybody can join/,
      mend: /Add `cluster_secret`/,
    },
  });
});

describe('is allowed, and said', () => {
  warnsOf({
    'no cluster secret at all, level 1': {
      more: 'cluster:\n  enabled: true\n',
      is: 'cluster_unauthenticated cluster.enabled 6:12',
      says: /DISABLED/,
      mend: /cluster_secret/,
    },
    'an encryption_key that is the api_key: agents hold both': {
      env: { ATLAS_FLEET_SERVER__ENCRYPTION_KEY: API_KEY },
      is: 'secret_shared server.encryption_key $ATLAS_FLEET_SERVER__ENCRYPTION_KEY',
      says: /has both/,
      mend: /secret generate/,
    },
  });
});

describe('is taken', () => {
  takes({
    'admission by ticket with a secret': { file: 'admission: ticket' },
    'one api_key for server and agent': { more: `agent:\n  api_key: "${API_KEY}"\n` },
  });
});
