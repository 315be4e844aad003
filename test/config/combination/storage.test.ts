/** What does not go together about the place of the data. */
import { describe } from 'vitest';
import { DB_KEY } from '../config-file.ts';
import { AWAY, each, HERE, POSTGRES, refuses, takes, url } from './whole-file.ts';

const VERIFY = /sslmode=verify-full/;

describe('is refused', () => {
  refuses({
    'SQLite and a Redis on another machine': {
      redis: AWAY,
      is: 'sqlite_shared database.url 1:1',
      says: /SQLite can be shared on one machine only/,
      mend: /postgres:\/\//,
    },
    'SQLite by name and a Redis on another machine': {
      redis: AWAY,
      more: url('sqlite:data/x.db'),
      is: 'sqlite_shared database.url 11:8',
      says: /one machine only/,
      mend: /postgres:\/\//,
    },
    'SQLite and one sentinel on another machine': {
      redis: 'redis_sentinels: ["127.0.0.1:1", "10.0.1.51:1"]\nredis_sentinel_master: m',
      is: 'sqlite_shared database.url 1:1',
      says: /one machine only/,
      mend: /postgres:\/\//,
    },
    'SQLite and a Redis that the environment puts on another machine': {
      redis: HERE,
      env: { ATLAS_FLEET_CLUSTER__REDIS_HOST: 'redis.example.com' },
      is: 'sqlite_shared database.url 1:1',
      says: /one machine only/,
      mend: /postgres:\/\//,
    },
    'an authority of PostgreSQL, and SQLite': {
      more: 'database:\n  ca_file: ca.pem\n',
      files: [['ca.pem', 'CERT']],
      is: 'database_tls_off database.ca_file 6:12',
      says: /kept in SQLite/,
      mend: /postgres:\/\//,
    },
    'an authority of PostgreSQL, and sslmode=disable': {
      more: `${url('postgres://a@127.0.0.1/f?sslmode=disable')}  ca_file: ca.pem\n`,
      files: [['ca.pem', 'CERT']],
      is: 'database_tls_off database.ca_file 7:12',
      says: /does without TLS/,
      mend: VERIFY,
    },
    'an authority of PostgreSQL, and no TLS because it is this machine': {
      more: `${url('postgres://a@localhost/f')}  ca_file: ca.pem\n`,
      files: [['ca.pem', 'CERT']],
      is: 'database_tls_off database.ca_file 7:12',
      says: /does without TLS/,
      mend: VERIFY,
    },
    'an authority of PostgreSQL that is away': {
      more: `${POSTGRES}  ca_file: ca.pem\n`,
      is: 'file_missing database.ca_file 7:12',
      says: /ca\.pem: there is no such file/,
      mend: /Check the path/,
    },
    'an authority of PostgreSQL that is no certificate': {
      more: `${POSTGRES}  ca_file: ca.pem\n`,
      files: [['ca.pem', 'text']],
      is: 'no_certificate database.ca_file 7:12',
      says: /holds no certificate/,
      mend: /BEGIN/,
    },
    ...each(['disable', 'require', 'prefer', 'allow', 'verify-ca'], (mode) => [
      `PostgreSQL on another machine with sslmode=${mode}`,
      {
        more: url(`postgres://a@db/f?sslmode=${mode}`),
        is: 'database_tls_weak database.url 6:8',
        says: new RegExp(`sslmode=${mode} `),
        mend: VERIFY,
      },
    ]),
    'PostgreSQL on this machine with a TLS that verifies nothing': {
      more: url('postgres://a@127.0.0.1/f?sslmode=require'),
      is: 'database_tls_weak database.url 6:8',
      says: /believes any certificate/,
      mend: VERIFY,
    },
    'a weak sslmode in the environment': {
      env: { ATLAS_FLEET_DATABASE__URL: 'postgres://a@db/f?sslmode=allow' },
      is: 'database_tls_weak database.url $ATLAS_FLEET_DATABASE__URL',
      says: /sslmode=allow/,
      mend: VERIFY,
    },
    'a database password that is the db_encryption_key': {
      more: url(`postgres://a:${encodeURIComponent(DB_KEY)}@db/f`),
      is: 'secret_reused server.db_encryption_key 4:22',
      says: /same as database\.url, which PostgreSQL holds/,
      mend: /secret generate/,
    },
    'single reports kept for longer than minutes': {
      more: 'retention:\n  raw: 31d\n',
      is: 'retention_order retention.raw 6:8',
      says: /31d, longer than retention\.minute, which is 30d/,
      mend: /no longer/,
    },

    'minutes kept for longer than hours': {
      more: 'retention:\n  minute: 30d\n  hour: 20d\n',
      is: 'retention_order retention.hour 7:9',
      says: /30d, longer than retention\.hour, which is 20d/,
      mend: /no longer/,
    },
  });
});

describe('is taken', () => {
  takes({
    'PostgreSQL with an authority of its own': {
      more: `${POSTGRES}  ca_file: ca.pem\n`,
      files: [['ca.pem', 'CERT']],
    },
    'PostgreSQL of this machine with TLS and an authority': {
      more: `${url('postgres://a@127.0.0.1/f?sslmode=verify-full')}  ca_file: ca.pem\n`,
      files: [['ca.pem', 'CERT\nCERT']],
    },
    'equal retentions': { more: 'retention:\n  raw: 30d\n  minute: 30d\n  hour: 30d\n' },
  });
});
