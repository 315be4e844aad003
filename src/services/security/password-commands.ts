/**
 * The commands that change the passwords of Redis and PostgreSQL, with what is known of them filled in. They are for
 * an administrator of those: the users of Atlas Fleet may not change passwords. Who was logged in stays so, so each
 * ends with sending him away. No password stands in a command, where the history and the other users of the machine
 * would see it: each is asked for, and reaches Redis by stdin or the environment.
 */
import { shellWord } from '../../base/shell-word.ts';
import type { DatabaseAccess, RedisAccess } from './exposure.ts';

export interface RecoveryStep {
  why: string;
  command: string;
}

/** In its place goes a user of Redis that may change passwords. */
const ADMIN = 'ADMIN';

export function redisCommands({ host, port, tls, username }: RedisAccess): RecoveryStep[] {
  const door = `redis-cli -h ${host === null ? 'MASTER' : shellWord(host)} -p ${port}${tls ? ' --tls' : ''} --user ${ADMIN}`;
  const user = shellWord(username ?? 'default');
  const asked = `printf 'Password of ${ADMIN}: '; read -rs NOW; printf '\\nNew password: '; read -rs NEW; echo`;
  const set = `printf '>%s' "$NEW" | REDISCLI_AUTH="$NOW" ${door} -x ACL SETUSER ${user} resetpass; unset NOW NEW`;
  return [
    {
      why: `A new password for the user of Redis, in bash or zsh, and then cluster.redis_password in every config.yaml. ${ADMIN} is a user that may change passwords, often default`,
      command: `${asked}; ${set}`,
    },
    { why: 'Kept over a restart, where Redis has an aclfile', command: `${door} --askpass ACL SAVE` },
    { why: 'The same where it has none', command: `${door} --askpass CONFIG REWRITE` },
    { why: 'Whoever is logged in, away', command: `${door} --askpass CLIENT KILL USER ${user}` },
  ];
}

/** A name in $…$, so that the whole is one word in quotes. `\password` sends the hash alone. */
export function databaseCommands(database: DatabaseAccess): RecoveryStep[] {
  if (database.engine === 'sqlite') return [];
  const { host, port, user } = database;
  const door = `psql -h ${shellWord(host)} -p ${port} -U postgres -d ${shellWord(database.database)} -c`;
  const role = `"${user.replaceAll('"', '""')}"`;
  return [
    {
      why: 'A new password for the role in PostgreSQL, which asks for it, and then database.url in every config.yaml',
      command: `${door} ${shellWord(`\\password ${role}`)}`,
    },
    {
      why: 'Whoever is logged in, away',
      command: `${door} ${shellWord(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $name$${user}$name$ AND pid <> pg_backend_pid()`)}`,
    },
  ];
}
