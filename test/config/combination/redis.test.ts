/** What does not go together about Redis. */
import { describe } from 'vitest';
import { API_KEY, CLUSTER_SECRET } from '../config-file.ts';
import { AWAY, HERE, POSTGRES, refuses, takes, warnsOf } from './whole-file.ts';

const CA = 'redis_tls: true\nredis_ca_file: ca.pem';

describe('is refused', () => {
  refuses({
    'backend redis, and no Redis': {
      redis: '',
      is: 'redis_host_missing cluster.backend 7:12',
      says: /nothing says where/,
      mend: /redis_host/,
    },
    'a Redis host and sentinels': {
      redis: `${HERE}\nredis_sentinels: ["127.0.0.1:26379"]\nredis_sentinel_master: m`,
      is: 'redis_host_twice cluster.redis_host 9:15',
      says: /both say/,
      mend: /Keep redis_host, or/,
    },
    'a Redis host and the name of a master': {
      redis: `${HERE}\nredis_sentinel_master: m`,
      is: 'redis_host_twice cluster.redis_host 9:15',
      says: /both say/,
      mend: /Keep/,
    },
    'sentinels without the name of the master': {
      redis: 'redis_sentinels: ["127.0.0.1:26379"]',
      is: 'sentinel_master_missing cluster.redis_sentinels 9:20',
      says: /redis_sentinel_master is not/,
      mend: /sentinel monitor/,
    },
    'the name of a master without sentinels': {
      redis: 'redis_sentinel_master: m',
      is: 'sentinels_missing cluster.redis_sentinel_master 9:26',
      says: /redis_sentinels is not/,
      mend: /26379/,
    },
    'a Redis user without a password': {
      redis: `${HERE}\nredis_username: atlas`,
      is: 'redis_password_missing cluster.redis_username 10:19',
      says: /redis_password is not/,
      mend: /Add `redis_password`/,
    },
    'an authority of Redis without TLS': {
      redis: `${HERE}\nredis_ca_file: ca.pem`,
      files: [['ca.pem', 'CERT']],
      is: 'redis_tls_off cluster.redis_ca_file 10:18',
      says: /nothing is verified/,
      mend: /redis_tls: true/,
    },
    'a name of Redis without TLS': {
      redis: `${HERE}\nredis_server_name: redis.example.com`,
      is: 'redis_tls_off cluster.redis_server_name 10:22',
      says: /nothing is verified/,
      mend: /redis_tls: true/,
    },
    'an authority of Redis that is away': {
      redis: `${HERE}\n${CA}`,
      is: 'file_missing cluster.redis_ca_file 11:18',
      says: /ca\.pem: there is no such file/,
      mend: /Check the path/,
    },
    'an authority of Redis that is no certificate': {
      redis: `${HERE}\n${CA}`,
      files: [['ca.pem', 'KEY']],
      is: 'no_certificate cluster.redis_ca_file 11:18',
      says: /holds no certificate/,
      mend: /BEGIN CERTIFICATE/,
    },
    'an authority of Redis of which the second certificate is cut off': {
      redis: `${HERE}\n${CA}`,
      files: [['ca.pem', 'CERT\n-----BEGIN CERTIFICATE-----\nMIIB\n']],
      is: 'no_certificate cluster.redis_ca_file 11:18',
      says: /cannot be read/,
      mend: /whole/,
    },
    'an authority of Redis that anybody may write': {
      redis: `${HERE}\n${CA}`,
      files: [['ca.pem', 'CERT', 0o666]],
      is: 'file_mode cluster.redis_ca_file 11:18',
      says: /0666; expected one that others cannot write/,
      mend: /chmod o-w/,
    },
    'a Redis password that is the cluster secret': {
      redis: `${HERE}\nredis_password: "${CLUSTER_SECRET}"`,
      is: 'secret_reused cluster.cluster_secret 8:19',
      says: /same as cluster\.redis_password, which Redis holds/,
      mend: /secret generate/,
    },
    'a Redis password that is the api_key': {
      redis: `${HERE}\nredis_password: "${API_KEY}"`,
      is: 'secret_reused cluster.redis_password 10:19',
      says: /same as server\.api_key, which every agent holds/,
      mend: /secret generate/,
    },
  });
});

describe('is allowed, and said', () => {
  warnsOf({
    'a Redis password that crosses the network in clear': {
      redis: `${AWAY}\nredis_password: hunter2hunter2`,
      more: POSTGRES,
      is: 'redis_password_in_clear cluster.redis_password 10:19',
      says: /in clear/,
      mend: /redis_tls: true/,
    },
    'a Redis password on the file backend': {
      file: 'redis_password: hunter2hunter2',
      is: 'not_used cluster.redis_password 9:19',
      says: /not used without `backend: redis`/,
      mend: /remove the line/,
    },
    'a Redis host on the file backend': {
      file: HERE,
      is: 'not_used cluster.redis_host 9:15',
      says: /not used/,
      mend: /backend: redis/,
    },
    'a folder of the file backend on Redis': {
      redis: `${HERE}\nstate_path: shared`,
      is: 'not_used cluster.state_path 10:15',
      says: /not used/,
      mend: /backend: file/,
    },
    'a port of Redis beside sentinels': {
      redis: 'redis_sentinels: ["127.0.0.1:1"]\nredis_sentinel_master: m\nredis_port: 6380',
      is: 'not_used cluster.redis_port 11:15',
      says: /not used/,
      mend: /redis_host/,
    },
  });
});

describe('is taken', () => {
  takes({
    'a password and SQLite on one machine': { redis: `${HERE}\nredis_password: of ours` },
    IPv6: { redis: 'redis_host: "::1"' },
    'sentinels of this machine and SQLite': {
      redis: 'redis_sentinels: ["[::1]:26379"]\nredis_sentinel_master: m',
    },
    'TLS, an ACL user and PostgreSQL, from several machines': {
      redis: `${AWAY}\nredis_tls: true\nredis_username: a\nredis_password: of ours`,
      more: POSTGRES,
    },
    'an authority of its own': { redis: `${HERE}\n${CA}`, files: [['ca.pem', 'CERT']] },
    'what is prepared for a cluster that is off': {
      more: 'cluster:\n  backend: redis\n  redis_ca_file: x\n',
    },
    'what the package builder of the seeds writes': {
      file: 'redis_host: ~\nredis_port: 6379\nredis_db: 0\nstate_path: ~',
    },
  });
});
