/**
 * Which engine keeps what, by the configuration: the one file that names engines. What it hands out are the
 * contracts of src/store/; nobody behind it knows whether that is a file or a server. An engine is loaded only when it
 * is used: a client library costs a start some tenths of a second.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from './base/clock.ts';
import { AtlasError } from './base/errors.ts';
import type { Log } from './base/log.ts';
import { splitHostAndPort } from './config/address-kind.ts';
import type { Config, DatabaseConfig, Secrets } from './config/config.ts';
import type { MemberStore } from './store/member-store.ts';
import type { PasswordMarkStore } from './store/password-marks.ts';
import type { AclFile, AclUser } from './store/redis/acl.ts';
import type { RedisConnectionOptions } from './store/redis/connection.ts';
import type { Tenancy } from './store/redis/tenancy.ts';
import type { RosterDisk, RosterStore } from './store/roster-store.ts';
import type { Stores } from './store/sql/stores.ts';

export type { Stores } from './store/sql/stores.ts';

export interface EngineOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
}

/** The database. Rejects with store_unavailable, store_key_wrong, store_newer or store_locked. */
export async function openStores({ config, secrets, clock, log }: EngineOptions): Promise<Stores> {
  const key = required(secrets.dbEncryptionKey, 'server.db_encryption_key');
  if (config.database.engine === 'postgres') {
    const { openPostgresStores } = await import('./store/sql/postgres-stores.ts');
    return openPostgresStores({ ...(await postgresAddress(config.database, secrets)), key, clock, log });
  }
  const { openSqliteStores } = await import('./store/sql/sqlite-stores.ts');
  const { path } = config.database;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return openSqliteStores({ path, key, clock, log });
}

async function postgresAddress(
  { host, port, database, user, tls, caFile }: Extract<DatabaseConfig, { engine: 'postgres' }>,
  { databasePassword: password }: Secrets,
) {
  const ca = await readAuthorities(caFile, 'database.ca_file');
  return { host, port, database, user, password, tls: tls ? { ca, serverName: host } : null };
}

/** What the servers of a cluster share besides the database: each other's records, and the chain of the roster. */
export type Registry = MemberStore & { readonly roster: RosterStore };

/** The roster on this node's own disk. */
export async function openRosterDisk({ config }: EngineOptions): Promise<RosterDisk> {
  const { FileRosterDisk } = await import('./store/file/roster-disk.ts');
  return new FileRosterDisk(join(config.server.dataDir, 'roster'));
}

/** What this node notes of its passwords, on its own disk. */
export async function openPasswordMarks({ config }: EngineOptions): Promise<PasswordMarkStore> {
  const { FilePasswordMarks } = await import('./store/file/password-marks.ts');
  return new FilePasswordMarks(config.server.dataDir);
}

/** The registry. A Redis that is away is no error: it is tried for ever. Rejects with member_store_unavailable. */
export async function openRegistry(options: EngineOptions & { nodeId: string }): Promise<Registry> {
  const { config, secrets, nodeId, clock, log } = options;
  const { backend, statePath, redis } = config.cluster;
  if (backend === 'file') {
    const { FileMemberStore } = await import('./store/file/member-store.ts');
    return FileMemberStore.open({ statePath, nodeId, clock });
  }
  const { RedisMemberStore } = await import('./store/redis/member-store.ts');
  const tls = redis.tls
    ? { ca: await readAuthorities(redis.caFile, 'cluster.redis_ca_file'), serverName: redis.serverName }
    : null;
  const { db, username } = redis;
  const password = secrets.redisPassword;
  return RedisMemberStore.open({
    endpoint: endpointOf(redis),
    db,
    username,
    password,
    tls,
    nodeId,
    clock,
    log,
  });
}

/** A registry on Redis for a while, where no cluster lives yet: see store/redis/tenancy.ts. */
export async function borrowRegistry(
  { host, port, ...access }: { host: string; port: number } & Omit<RedisConnectionOptions, 'endpoint'>,
  nodeIds: readonly string[],
): Promise<Tenancy> {
  const { moveIn } = await import('./store/redis/tenancy.ts');
  return moveIn({ ...access, endpoint: { kind: 'single', host, port } }, nodeIds);
}

/** The users that a registry on Redis needs, as the text of an ACL file. */
export async function registryAcl(users: readonly AclUser[], redis: 6 | 7): Promise<AclFile> {
  const { aclFile } = await import('./store/redis/acl.ts');
  return aclFile(users, redis);
}

export async function registryUser(nodeId: string | null): Promise<string> {
  const { aclUserName } = await import('./store/redis/acl.ts');
  return aclUserName(nodeId);
}

function endpointOf({ host, port, sentinels, sentinelMaster }: Config['cluster']['redis']) {
  if (sentinels.length > 0) {
    const servers = sentinels.flatMap((text) => splitHostAndPort(text) ?? []);
    return {
      kind: 'sentinel',
      sentinels: servers,
      master: required(sentinelMaster, 'cluster.redis_sentinel_master'),
    } as const;
  }
  // An empty host would be this machine.
  return { kind: 'single', host: required(host, 'cluster.redis_host'), port } as const;
}

/** PEM; null for those of the machine. */
async function readAuthorities(path: string | null, key: string): Promise<string | null> {
  if (path === null) return null;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AtlasError('certificate_invalid', `${path} cannot be read`, { cause, hint: `see ${key}` });
  }
}

/** What a server cannot run without; the configuration has named it missing before. */
export function required<T>(value: T | null, key: string): T {
  if (value === null)
    throw new AtlasError('config_invalid', `${key} is missing`, { hint: 'atlas-fleet init' });
  return value;
}
