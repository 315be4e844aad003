/**
 * The commands that change the passwords of Redis and PostgreSQL, with what is known of them filled in. They are for
 * an administrator of those: the users of Atlas Fleet may not change passwords. Who was logged in stays so, so each
 * ends with sending him away.
 */
import { shellWord } from '../../base/shell-word.ts';
import type { RecoveryStep } from './blast-radius.ts';

/** In its place goes a new one; it is never ours to choose. */
const NEW = 'NEW-PASSWORD';

export interface RedisAccess {
  /** Null behind Sentinels, which name another one from time to time. */
  readonly host: string | null;
  readonly port: number;
  readonly tls: boolean;
  /** Null: the user `default`. */
  readonly username: string | null;
  readonly hasPassword: boolean;
}

export type DatabaseAccess =
  | { readonly engine: 'sqlite'; readonly path: string }
  | {
      readonly engine: 'postgres';
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
    };

export function redisCommands({ host, port, tls, username }: RedisAccess): RecoveryStep[] {
  const door = `redis-cli -h ${host === null ? 'MASTER' : shellWord(host)} -p ${port}${tls ? ' --tls' : ''}`;
  const user = username ?? 'default';
  return [
    {
      why: 'A new password for the user of Redis, and then cluster.redis_password in every config.yaml',
      command: `${door} ACL SETUSER ${shellWord(user)} resetpass '>${NEW}'`,
    },
    {
      why: 'Kept over a restart, where Redis has an aclfile (otherwise CONFIG REWRITE)',
      command: `${door} ACL SAVE`,
    },
    { why: 'Whoever is logged in, away', command: `${door} CLIENT KILL USER ${shellWord(user)}` },
  ];
}

/** Texts in $…$, so that the whole is one word in quotes. */
export function databaseCommands(database: DatabaseAccess): RecoveryStep[] {
  if (database.engine === 'sqlite') return [];
  const { host, port, user } = database;
  const door = `psql -h ${shellWord(host)} -p ${port} -U postgres -d ${shellWord(database.database)} -c`;
  const role = `"${user.replaceAll('"', '""')}"`;
  return [
    {
      why: 'A new password for the role in PostgreSQL, and then database.url in every config.yaml',
      command: `${door} ${shellWord(`ALTER ROLE ${role} PASSWORD $new$${NEW}$new$`)}`,
    },
    {
      why: 'Whoever is logged in, away',
      command: `${door} ${shellWord(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $name$${user}$name$ AND pid <> pg_backend_pid()`)}`,
    },
  ];
}
