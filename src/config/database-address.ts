/**
 * The address of the database: a file of SQLite, or one PostgreSQL server as a URL. What is not understood is
 * refused by name, because a parameter that is passed over may be the one that asks for TLS; and a URL cannot ask
 * for less than a verified connection, except to this machine. The password never leaves as anything but a Secret.
 */
import { resolve } from 'node:path';
import { hostPort, unbracketed } from '../base/host-text.ts';
import type { Secret } from '../base/secret.ts';
import { isLoopback, isUrlHost } from './address-kind.ts';
import { asIs, bad, type Fault, good, isPath, type Kind, type Reading } from './kind.ts';
import { password as passwordKind } from './secret-kind.ts';

interface SqliteAddress {
  readonly engine: 'sqlite';
  /** Absolute. */
  readonly path: string;
}

export interface PostgresAddress {
  readonly engine: 'postgres';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Always with the certificate and its name verified; false only on this machine. */
  readonly tls: boolean;
  readonly password: Secret | null;
}

export type DatabaseAddress = SqliteAddress | PostgresAddress;

export function databaseUrl(): Kind<DatabaseAddress> {
  return {
    expected: 'sqlite:PATH or postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE',
    example: 'sqlite:data/fleet.db',
    schema: { type: 'string', pattern: '^(?:sqlite:|postgres(?:ql)?://)' },
    read(plain, folder) {
      if (typeof plain !== 'string') return bad('wrong_type');
      if (/^postgres(?:ql)?:/.test(plain)) return readPostgres(plain);
      const [, given = ''] = /^sqlite:(?:\/\/(?=\/))?(.*)$/.exec(plain) ?? [];
      const usable = isPath(given) && !(given.startsWith('//') || given.endsWith('/'));
      return usable ? good({ engine: 'sqlite', path: resolve(folder, given) }) : bad('bad_value');
    },
    fromText: asIs,
    toText: databaseText,
  };
}

/** Without the password. */
function databaseText(address: DatabaseAddress): string {
  if (address.engine === 'sqlite') return `sqlite:${address.path}`;
  const { host, port, database, user, tls } = address;
  const names = `${encodeURIComponent(user)}@${hostPort(host, port)}/${encodeURIComponent(database)}`;
  return `postgres://${names}?sslmode=${tls ? 'verify-full' : 'disable'}`;
}

/** With the password: for a file of mode 0600, or for nobody's eyes. */
export function databaseUrlText(address: DatabaseAddress): string {
  const text = databaseText(address);
  return address.engine === 'sqlite' || address.password === null
    ? text
    : withPassword(text, address.password);
}

/** `url` has no password, and gets this one. */
export function withPassword(url: string, password: Secret): string {
  return url.replace('@', `:${encodeURIComponent(password.revealText())}@`);
}

const DEFAULT_PORT = 5432;
/** Bytes of a name in PostgreSQL (NAMEDATALEN - 1); a longer one would be cut off there. */
const NAME_MAX_BYTES = 63;

const FORM =
  /^postgres(?:ql)?:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<host>\[[^\]@/]*\]|[^[\]:@/]*)(?::(?<port>[^:@/]*))?(?:\/(?<database>[^@/]*))?$/u;

const wrong = (sentence: string, hint: string) => bad('bad_value', { sentence, hint });

const MALFORMED = wrong(
  'it is not a URL of this form',
  'In a user name or password, write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25.',
);

function readPostgres(url: string): Reading<PostgresAddress> {
  const [address = '', query, ...rest] = url.split('?');
  const parts = FORM.exec(address)?.groups;
  if (/[\s\p{Cc}\\#]/u.test(url) || rest.length > 0 || parts === undefined) return MALFORMED;
  const host = readHost(parts.host ?? '');
  if (!host.ok) return host;
  const port = readPort(parts.port);
  if (!port.ok) return port;
  const user = readName(parts.user, 'user', 'Write `postgres://USER@HOST/DATABASE`.');
  if (!user.ok) return user;
  const database = readName(
    parts.database,
    'database',
    'End the address with / and the name of the database.',
  );
  if (!database.ok) return database;
  const password = readPassword(parts.password);
  if (!password.ok) return password;
  const tls = readTls(query, host.value);
  if (!tls.ok) return tls;
  return good({
    engine: 'postgres',
    host: host.value,
    port: port.value,
    database: database.value,
    user: user.value,
    tls: tls.value,
    password: password.value,
  });
}

function readHost(given: string): Reading<string> {
  if (given === '' || /^%2f/i.test(given)) {
    return wrong(
      'it names no host; Unix sockets are not supported',
      'Name a host, such as `postgres://atlas@127.0.0.1/fleet` on this machine.',
    );
  }
  if (given.includes(',')) return wrong('it names several hosts', 'Name one host, or one load balancer.');
  if (!isUrlHost(given)) return wrong('its host is no host name and no IP address', MALFORMED_HOST);
  return good(unbracketed(given));
}

const MALFORMED_HOST = 'Write a name, an IPv4 address, or an IPv6 address in brackets.';

function readPort(given: string | undefined): Reading<number> {
  if (given === undefined) return good(DEFAULT_PORT);
  const port = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  return port >= 1 && port <= 65_535
    ? good(port)
    : wrong('its port is no whole number from 1 to 65535', `Write for example \`:${DEFAULT_PORT}\`.`);
}

function readName(given: string | undefined, what: string, hint: string): Reading<string> {
  if (given === undefined || given === '') return wrong(`it names no ${what}`, hint);
  const name = decoded(given);
  if (name === undefined) return MALFORMED;
  const fits = Buffer.byteLength(name) <= NAME_MAX_BYTES && !/\p{Cc}/u.test(name);
  return fits ? good(name) : wrong(`its ${what} is longer than ${NAME_MAX_BYTES} bytes`, hint);
}

function readPassword(given: string | undefined): Reading<Secret | null> {
  if (given === undefined) return good(null);
  const text = decoded(given);
  return text === undefined ? MALFORMED : passwordKind('PostgreSQL').read(text, '/');
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const VERIFIED = 'verify-full';
const WEAKER: Readonly<Record<string, string>> = {
  allow: 'uses TLS only when the server insists, and believes any certificate',
  prefer: 'goes on without TLS when the server offers none, and believes any certificate',
  require: 'believes any certificate',
  'verify-ca': 'does not check whose certificate it is',
};

/** Without `sslmode`: not needed on this machine, verified to any other. */
function readTls(query: string | undefined, host: string): Reading<boolean> {
  let mode: string | undefined;
  for (const parameter of query === undefined || query === '' ? [] : query.split('&')) {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/.exec(parameter) ?? [];
    if (name !== 'sslmode') return unknownParameter(name);
    if (mode !== undefined) return wrong('sslmode stands there twice', 'Keep one of the two.');
    mode = value;
  }
  if (mode === undefined) return good(!isLoopback(host));
  if (mode === VERIFIED) return good(true);
  if (mode === 'disable') return isLoopback(host) ? good(false) : weak('disable', 'is for this machine only');
  const weakness = WEAKER[mode];
  if (weakness !== undefined && Object.hasOwn(WEAKER, mode)) return weak(mode, weakness);
  return wrong('its sslmode is unknown', `Write \`sslmode=${VERIFIED}\`, or leave it out.`);
}

function weak(mode: string, why: string): Fault {
  return bad('database_tls_weak', {
    sentence: `sslmode=${mode} ${why}`,
    hint: `Write \`sslmode=${VERIFIED}\`; database.ca_file names the authority when it is your own.`,
  });
}

function unknownParameter(name: string): Fault {
  const shown = /^[A-Za-z_.-]{1,24}$/.test(name) ? ` ${name}` : '';
  return wrong(
    `it has the parameter${shown}, which is not known`,
    `Remove it; the one parameter is sslmode (${VERIFIED}, or disable on this machine).`,
  );
}
