/**
 * Every key of config.yaml, one row each: its kind with its bounds, its default and what it is for. It is the
 * single truth: the loader, `config show` and the tests walk this table. A default of null means "not given".
 * Rows are only added; a key keeps its name and its unit.
 */
import { join } from 'node:path';
import type { Secret } from '../base/secret.ts';
import {
  AGENT_INTERVAL_MAX_SECONDS,
  CLOCK_TOLERANCE_MAX_SECONDS,
  CLOCK_TOLERANCE_SECONDS,
} from '../protocol/limits.ts';
import { host, hostAndPort, network, serverUrl, webhook } from './address-kind.ts';
import { type DatabaseAddress, databaseUrl } from './database-address.ts';
import { choice, duration, flag, integer, list, map, path } from './kind.ts';
import { derived, later, optional, type Row, row, secret } from './row.ts';
import { apiKey, clusterSecret, joinTicket, key, password, passwordHash } from './secret-kind.ts';
import { clusterId, hostname, name, nodeId, pin, quietHours, rosterPin, username } from './text-kind.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const YEARS_10 = 3650 * DAY;

const sqlite = (path: string): DatabaseAddress => ({ engine: 'sqlite', path });

const CLUSTER_WIDE = 'the same on every server and agent';

const SCHEMA = {
  'server.host': row(host(), '0.0.0.0', 'Address the server listens on.'),
  'server.port': row(integer(1, 65_535), 8768, 'Port the server listens on.'),
  'server.public_url': optional(serverUrl(), 'Address under which people and agents reach the server.'),
  'server.tls': row(
    choice('own', 'files', 'off'),
    'own',
    'Certificate: our own key, files you give, or none (only on loopback or behind trusted_proxies).',
  ),
  'server.tls_cert': optional(path('tls/cert.pem'), 'Certificate chain (PEM), for tls: files.'),
  'server.tls_key': optional(path('tls/key.pem'), 'Private key (PEM), for tls: files.'),
  'server.data_dir': derived(
    path('data'),
    '',
    ({ config }) => join(config, 'data'),
    'Folder of the data; by default `data` beside this file.',
  ),
  'server.trusted_proxies': row(list(network()), [], 'Proxies whose X-Forwarded-For is believed.'),
  'server.accept_v1': row(flag(), true, 'Whether reports sealed with the shared encryption_key are taken.'),
  'server.api_key': secret(
    apiKey('the same on every server; agents have it as agent.api_key'),
    'What agents show to be let in.',
  ),
  'server.web_username': row(username, 'admin', 'The administrator that web_password belongs to.'),
  'server.web_password': secret(
    passwordHash(),
    'Hash of the password of web_username; never a password in clear.',
  ),
  'server.encryption_key': secret(key(CLUSTER_WIDE), 'Seals the reports between agents and servers.'),
  'server.db_encryption_key': secret(
    key('the same on every server that shares the database'),
    'Encrypts the database.',
  ),

  'database.url': {
    ...derived(
      databaseUrl(),
      sqlite(''),
      ({ data }) => sqlite(join(data, 'fleet.db')),
      'Where the data is kept: sqlite: and a path (by default `fleet.db` in data_dir), or a postgres:// address.',
    ),
    view: 'address',
  },
  'database.ca_file': optional(
    path('tls/postgres-ca.pem'),
    'Authorities (PEM) for the certificate of PostgreSQL; by default those of the machine.',
  ),

  'cluster.enabled': row(flag(), false, 'Whether this server is one of several.'),
  'cluster.backend': row(
    choice('file', 'redis'),
    'file',
    'Where the servers leave their signed records for each other.',
  ),
  'cluster.cluster_id': optional(
    clusterId,
    'Public name of the cluster; derived from the secret when not given.',
  ),
  'cluster.cluster_secret': secret(
    clusterSecret(),
    'Signs the records of the cluster; without it anybody can join.',
  ),
  'cluster.heartbeat_interval': row(duration(1, 10), 10, 'How often a server says that it is alive.'),
  'cluster.node_timeout': row(
    duration(3, HOUR),
    30,
    'Silence after which a server counts as offline; at least three intervals.',
  ),
  'cluster.hostname': optional(hostname, 'Host name shown to others; by default that of the machine.'),
  'cluster.node_id': optional(
    nodeId,
    'Name of this server in the cluster; made once and kept when not given.',
  ),
  'cluster.state_path': derived(
    path('data/cluster'),
    '',
    ({ data }) => join(data, 'cluster'),
    'Shared folder of backend file; by default `cluster` in data_dir.',
  ),
  'cluster.clock_tolerance': row(
    duration(0, CLOCK_TOLERANCE_MAX_SECONDS),
    CLOCK_TOLERANCE_SECONDS,
    'How far another clock may run ahead of ours.',
  ),
  'cluster.admission': row(
    choice('secret', 'ticket'),
    'secret',
    'What a new server needs: the cluster secret, or a one-time ticket.',
  ),
  'cluster.roster_pins': row(
    list(rosterPin),
    [],
    'Steps that the roster must hold, from a package or a ticket: this server never founds a cluster of its own.',
  ),
  'cluster.join_ticket': secret(
    joinTicket(),
    'One-time ticket by which this server joins when it starts; taken out of this file then.',
  ),
  'cluster.redis_host': optional(host(), 'Host of Redis.'),
  'cluster.redis_port': row(integer(1, 65_535), 6379, 'Port of Redis.'),
  'cluster.redis_db': row(integer(0, 65_535), 0, 'Number of the Redis database.'),
  'cluster.redis_username': optional(name('a user name', 'atlas-fleet'), 'ACL user of Redis.'),
  'cluster.redis_password': secret(password('Redis'), 'Password of Redis.', 'password'),
  'cluster.redis_tls': row(flag(), false, 'Whether to reach Redis through TLS.'),
  'cluster.redis_ca_file': optional(
    path('tls/redis-ca.pem'),
    'Authorities (PEM) for the certificate of Redis; by default those of the machine.',
  ),
  'cluster.redis_server_name': optional(
    host(),
    'Name in the certificate of Redis, when it is not redis_host.',
  ),
  'cluster.redis_sentinels': row(list(hostAndPort()), [], 'Sentinels that know which Redis is the master.'),
  'cluster.redis_sentinel_master': optional(
    name('a name', 'mymaster'),
    'Name of the master that the sentinels watch.',
  ),

  'agent.servers': row(
    list(serverUrl()),
    [],
    'Servers that the agent reports to: one of them by chance, and then the next in this order.',
  ),
  'agent.api_key': secret(apiKey('as server.api_key of the servers'), 'The api_key of the servers.'),
  'agent.interval': row(
    duration(1, AGENT_INTERVAL_MAX_SECONDS),
    10,
    'How often the agent reports; on a server, how often it expects all agents to.',
  ),
  'agent.pins': row(list(pin), [], 'Public keys of the servers that the agent trusts.'),
  'agent.spool_dir': derived(
    path('data/spool'),
    '',
    ({ data }) => join(data, 'spool'),
    'Folder of reports not yet sent; by default `spool` in data_dir.',
  ),
  'agent.spool_max_mb': row(
    integer(1, 10_240),
    64,
    'Size of the spool in MB, beyond which the oldest reports go.',
  ),

  'package.sign_key': optional(
    path('signing/key.pem'),
    'Private key (PEM, RSA) that this server signs packages with; it needs sign_chain.',
  ),
  'package.sign_chain': optional(
    path('signing/chain.pem'),
    'Certificates (PEM) of sign_key: its own first, each issued by the next.',
  ),

  'log.level': row(choice('debug', 'info', 'warn', 'error'), 'info', 'Least severity that is logged.'),
  'log.format': row(choice('text', 'json'), 'text', 'Lines for people, or for machines.'),
  'log.file': optional(
    path('/var/log/fleet-server.log'),
    'File that the log is appended to, and that is opened anew on SIGHUP; by default stdout.',
  ),

  'retention.raw': later(row(duration(HOUR, YEARS_10), 2 * DAY, 'How long single reports are kept.')),
  'retention.minute': later(
    row(duration(HOUR, YEARS_10), 30 * DAY, 'How long averages of a minute are kept.'),
  ),
  'retention.hour': later(row(duration(HOUR, YEARS_10), 400 * DAY, 'How long averages of an hour are kept.')),

  'notify.webhooks': later(row(list(webhook()), [], 'Addresses that alarms are posted to.'), 'private'),
  'notify.smtp': later(row(map('{}'), {}, 'Mail server for alarms.'), 'private'),
  'notify.quiet_hours': later(optional(quietHours, 'Span of the day without notifications.')),
} as const satisfies Record<string, Row<never> | Row<unknown>>;

export type KeyPath = keyof typeof SCHEMA;
export type Values = { readonly [P in KeyPath]: (typeof SCHEMA)[P] extends Row<infer T> ? T : never };
export type SecretPath = { [P in KeyPath]: Secret extends Values[P] ? P : never }[KeyPath];

/** In the order of the table, which is the order of `config show`. */
export const KEY_PATHS = Object.keys(SCHEMA) as readonly KeyPath[];

export const SECTIONS: readonly string[] = [
  ...new Set(KEY_PATHS.map((one) => one.slice(0, one.indexOf('.')))),
];

export function rowOf(keyPath: KeyPath): Row<unknown> {
  return SCHEMA[keyPath] as Row<unknown>;
}

export function isKeyPath(given: string): given is KeyPath {
  return Object.hasOwn(SCHEMA, given);
}

export function isSecretPath(keyPath: KeyPath): keyPath is SecretPath {
  const { view } = rowOf(keyPath);
  return view === 'secret' || view === 'password';
}
