/**
 * What `init` is to write, from its flags: refused before anything is made when a password stands in a flag, where
 * every user of the machine could read it, or when several machines would keep their data in SQLite.
 */
import { resolve } from 'node:path';
import { AtlasError } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { isLoopback } from '../../config/address-kind.ts';
import { type DatabaseAddress, databaseUrl, withPassword } from '../../config/database-address.ts';
import type { FreshValues } from '../../config/fresh-config.ts';
import { type RedisUrl, redisValues } from '../../config/redis-url.ts';
import { askSecret } from '../question.ts';
import { parseRedisFlag, passwordInFlag } from '../redis-flag.ts';
import { readSecretFromFile } from '../terminal.ts';

export interface InitFlags {
  readonly dir: string;
  readonly cluster?: string;
  readonly redisPasswordFile?: string;
  readonly redisCaFile?: string;
  readonly database?: string;
  readonly databasePasswordFile?: string;
  readonly databaseCaFile?: string;
}

/** The keys that the flags speak of. Asks for passwords that no file was named for. */
export async function planned(flags: InitFlags): Promise<FreshValues> {
  const redis = flags.cluster === undefined ? null : parseRedisFlag(flags.cluster);
  const database = flags.database === undefined ? null : parseDatabase(flags.database);
  checkTogether(flags, redis, database);
  return {
    ...(redis && (await clusterValues(flags, redis))),
    ...(flags.database !== undefined && (await databaseValues(flags, flags.database, database))),
  };
}

function usage(message: string, hint: string): AtlasError {
  return new AtlasError('usage', message, { hint });
}

function parseDatabase(text: string): DatabaseAddress {
  const kind = databaseUrl();
  const reading = kind.read(text, '/');
  if (!reading.ok) {
    const message = `--database: ${reading.sentence ?? `expected ${kind.expected}`}`;
    throw usage(message, reading.hint ?? `write it as ${kind.expected}`);
  }
  if (reading.value.engine === 'postgres' && reading.value.password !== null) {
    throw passwordInFlag('--database', '--database-password-file');
  }
  return reading.value;
}

function checkTogether(flags: InitFlags, redis: RedisUrl | null, database: DatabaseAddress | null): void {
  const needs = [
    ['--redis-password-file', flags.redisPasswordFile, redis, '--cluster redis://…'],
    ['--redis-ca-file', flags.redisCaFile, redis?.tls, '--cluster rediss://…'],
    ['--database-password-file', flags.databasePasswordFile, isPostgres(database), '--database postgres://…'],
    ['--database-ca-file', flags.databaseCaFile, isPostgres(database), '--database postgres://…'],
  ] as const;
  for (const [flag, given, needed, other] of needs) {
    if (given !== undefined && !needed) throw usage(`${flag} is given without ${other}`, `add ${other}`);
  }
  if (redis !== null && !isLoopback(redis.host) && !isPostgres(database)) {
    throw usage(
      'servers that meet at a Redis on another machine cannot share a SQLite file',
      'add --database postgres://USER@HOST/DATABASE, the same for every server of the cluster',
    );
  }
}

const isPostgres = (database: DatabaseAddress | null) => database?.engine === 'postgres';

async function clusterValues(flags: InitFlags, redis: RedisUrl): Promise<FreshValues> {
  const password = await passwordOf('Redis', flags.redisPasswordFile);
  if (password === null && redis.username !== null) {
    throw usage(
      '--cluster names a user, and there is no password',
      'name a file of mode 0600 that holds it with --redis-password-file, or run init in a terminal',
    );
  }
  return {
    ...redisValues(redis),
    'cluster.enabled': true,
    ...(password && { 'cluster.redis_password': password.revealText() }),
    ...(flags.redisCaFile !== undefined && { 'cluster.redis_ca_file': resolve(flags.redisCaFile) }),
  };
}

async function databaseValues(
  flags: InitFlags,
  url: string,
  address: DatabaseAddress | null,
): Promise<FreshValues> {
  const password = isPostgres(address) ? await passwordOf('PostgreSQL', flags.databasePasswordFile) : null;
  return {
    'database.url': password === null ? url : withPassword(url, password),
    ...(flags.databaseCaFile !== undefined && { 'database.ca_file': resolve(flags.databaseCaFile) }),
  };
}

/** From the file, else from the terminal, where nothing means that none is asked for; else none. */
async function passwordOf(what: string, file: string | undefined): Promise<Secret | null> {
  if (file !== undefined) return readSecretFromFile(file);
  if (!process.stdin.isTTY) return null;
  const typed = await askSecret(`Password of ${what} (nothing when it asks for none)`);
  return typed.reveal().byteLength === 0 ? null : typed;
}
