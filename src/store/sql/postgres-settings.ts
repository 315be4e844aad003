/**
 * How a connection to PostgreSQL is made. What durability and our own figures rest on is set for each connection,
 * whatever the server's default; a server that is asked for TLS is verified or not spoken to.
 */
import { type ConnectionOptions, checkServerIdentity, getCACertificates } from 'node:tls';
import { type PoolConfig, types } from 'pg';
import type { Secret } from '../../base/secret.ts';
import { unavailable } from './failures.ts';
import {
  CONNECT_LIMIT_MS,
  IDLE_TRANSACTION_LIMIT_MS,
  KEEP_ALIVE_MS,
  LOCK_LIMIT_MS,
  STATEMENT_LIMIT_MS,
} from './limits.ts';
import type { PostgresAddress } from './postgres-errors.ts';

export interface PostgresServer extends PostgresAddress {
  readonly password: Secret | null;
  /** `ca`: PEM of the authorities to believe; null: the system's. `serverName` must stand in the certificate. */
  readonly tls: null | { readonly ca: string | null; readonly serverName: string };
}

/** Where all tables are, whatever the server's search_path: a name means the same table on every server. */
export const SCHEMA = 'public';
const APPLICATION_NAME = 'atlas-fleet';

const SETTINGS: Readonly<Record<string, string | number>> = {
  search_path: SCHEMA,
  synchronous_commit: 'on',
  default_transaction_isolation: 'read committed',
  statement_timeout: STATEMENT_LIMIT_MS,
  lock_timeout: LOCK_LIMIT_MS,
  idle_in_transaction_session_timeout: IDLE_TRANSACTION_LIMIT_MS,
  extra_float_digits: 1, // a figure comes back as it went in
  bytea_output: 'hex',
};

/** Every value is given, even if empty: pg takes what is left out from the environment and from files. */
export function settingsFor(server: PostgresServer, connections: number): PoolConfig {
  const { host, port, database, user } = server;
  return {
    host,
    port,
    database,
    user,
    password: () => passwordOf(server),
    ssl: tlsOf(server),
    application_name: APPLICATION_NAME,
    options: Object.entries(SETTINGS)
      .map(([name, value]) => `-c ${name}=${`${value}`.replaceAll(' ', '\\ ')}`)
      .join(' '),
    types: { getTypeParser: parserOf as typeof types.getTypeParser },
    max: connections,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
}

/** Called only when PostgreSQL asks for one. */
function passwordOf({ host, port, user, password }: PostgresServer): string {
  if (password !== null) return password.revealText();
  throw unavailable(
    `PostgreSQL at ${host}:${port} asks for the password of the user "${user}", and none is configured`,
    'configure the password of the database',
  );
}

function tlsOf({ tls }: PostgresServer): ConnectionOptions | false {
  if (tls === null) return false;
  return {
    ca: tls.ca ?? [...getCACertificates('default'), ...getCACertificates('system')],
    minVersion: 'TLSv1.2',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(tls.serverName, certificate),
  };
}

function parserOf(oid: number, format?: 'text' | 'binary'): unknown {
  return oid === types.builtins.INT8 ? safeInteger : types.getTypeParser(oid, format as 'text');
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw unavailable(
    'PostgreSQL gave a whole number beyond 2^53',
    'somebody else wrote it: restore the database from a backup',
  );
}
