/**
 * What PostgreSQL says, or the way there, as what we say: which server, what is wrong, what to do. A refused value
 * stays told apart from a failing database, because the sender of the one must stop and of the other try again.
 */
import { DatabaseError } from 'pg';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { lockedError, refusal, TransactionUndone, unavailable } from './failures.ts';
import { STATEMENT_LIMIT_MS } from './limits.ts';

/** Where the database is and who asks, for people: without the password. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

interface Failure {
  readonly message: string;
  readonly hint: string;
}

/** By SQLSTATE, or the first two characters of it (its class). */
type Failures = Readonly<Record<string, Failure>>;

const UNDONE: ReadonlySet<string> = new Set(['40001', '40P01']);
/** Values out of range or not of the type; constraints; a value too large for its index. */
const REFUSED = /^(22|23|54000)/;
const LOCK_NOT_AVAILABLE = '55P03';

const WHILE_RUNNING: Failures = {
  '25006': {
    message: 'PostgreSQL takes no changes: this server is a standby, or set to read only',
    hint: 'name the primary in database.url',
  },
  '42501': {
    message: 'PostgreSQL does not let this user do what is needed',
    hint: 'make the user the owner of the database',
  },
  '42P07': {
    message: 'the database has tables of other programs under our names',
    hint: 'give Atlas Fleet a database of its own',
  },
  '53100': { message: 'the disk of PostgreSQL is full', hint: 'free some space on that disk' },
  '53300': {
    message: 'PostgreSQL takes no more connections',
    hint: 'raise max_connections in postgresql.conf, or see which other programs are connected',
  },
  '57014': {
    message: `PostgreSQL did not finish within ${STATEMENT_LIMIT_MS / 1000} s`,
    hint: 'see the load and the log of PostgreSQL',
  },
  '57': {
    message: 'PostgreSQL is starting or stopping',
    hint: 'nothing, when somebody restarts it; else see its log',
  },
  '58': {
    message: 'PostgreSQL cannot read or write its files',
    hint: 'see the log of PostgreSQL and the system log of its machine',
  },
  XX: {
    message: 'PostgreSQL found its data damaged, or failed inside',
    hint: 'see the log of PostgreSQL; restore the database from a backup if it names damaged files',
  },
};

/** AtlasError for a failing database, RowRefused for a value it will not take, and our own errors as they are. */
export function postgresError(cause: unknown, at: PostgresAddress): unknown {
  if (cause instanceof AtlasError) return cause;
  if (!(cause instanceof DatabaseError)) return unreachable(cause, at);
  const code = cause.code ?? '';
  if (UNDONE.has(code))
    return new TransactionUndone('PostgreSQL undid the transaction for another', { cause });
  if (REFUSED.test(code)) return refusal(cause);
  if (code === LOCK_NOT_AVAILABLE) return lockedError(cause);
  const failure = atTheDoor(at)[code] ?? WHILE_RUNNING[code] ?? WHILE_RUNNING[code.slice(0, 2)];
  return unavailable(
    failure?.message ?? `PostgreSQL at ${at.host}:${at.port} failed (${code})`,
    failure?.hint ?? 'see the cause in the log of this server, and the log of PostgreSQL',
    cause,
  );
}

function atTheDoor({ host, port, database, user }: PostgresAddress): Failures {
  return {
    '28P01': {
      message: `PostgreSQL at ${host}:${port} refuses the password of the user "${user}"`,
      hint: 'correct the password of the database in the configuration, or change it in PostgreSQL: alter role … password …',
    },
    '28000': {
      message: `PostgreSQL at ${host}:${port} does not let the user "${user}" in from here`,
      hint: 'see that the role exists, and that pg_hba.conf allows it from this address (with TLS, if it asks for that)',
    },
    '3D000': {
      message: `PostgreSQL at ${host}:${port} has no database "${database}"`,
      hint: `make it: ${createDatabase({ database, user })}`,
    },
  };
}

export function createDatabase({ database, user }: Pick<PostgresAddress, 'database' | 'user'>): string {
  return `create database "${database}" owner "${user}" encoding 'UTF8' template template0`;
}

const NO_TLS = 'The server does not support SSL connections';
/** Codes of OpenSSL and Node for a certificate that cannot be verified, or has another name. */
const CERTIFICATE = /CERT|ISSUER|SIGNATURE|SELF_SIGNED/;

/** No answer of PostgreSQL at all: the network, TLS, or a server that is gone or hangs. */
function unreachable(cause: unknown, { host, port }: PostgresAddress): AtlasError {
  const code = systemCode(cause) ?? '';
  if (cause instanceof Error && cause.message === NO_TLS)
    return unavailable(
      `PostgreSQL at ${host}:${port} does not offer TLS`,
      'switch it on there (ssl = on, with a certificate), or take TLS out of database.url',
      cause,
    );
  if (CERTIFICATE.test(code))
    return unavailable(
      `the certificate of PostgreSQL at ${host}:${port} is not to be trusted (${code})`,
      'set database.ca_file to the authority that signed it, and use the name that stands in it as the host',
      cause,
    );
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return unavailable(
      `no address is known for the host of PostgreSQL, ${host}`,
      'see the spelling, and DNS',
      cause,
    );
  return unavailable(
    `PostgreSQL at ${host}:${port} ${code === 'ECONNREFUSED' ? 'is not running, or not there' : 'does not answer'}`,
    'see that it runs, listens on that address and port, and that no firewall stands between',
    cause,
  );
}
