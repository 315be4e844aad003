/**
 * Connections to PostgreSQL for kysely. Everything has a time limit; what durability rests on is set for each
 * connection, whatever the server's default. When one connection falls silent all are dropped: they end at the
 * same machine, and would otherwise each cost somebody the whole limit. The next use connects anew.
 */
import { Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, getCACertificates } from 'node:tls';
import type { PostgresPool as PoolOfKysely, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { DatabaseError, Pool, type PoolClient, types } from 'pg';
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import type { Secret } from '../../base/secret.ts';
import { closedError, unavailable } from './failures.ts';
import {
  ANSWER_LIMIT_MS,
  CONNECT_LIMIT_MS,
  GOODBYE_LIMIT_MS,
  IDLE_TRANSACTION_LIMIT_MS,
  KEEP_ALIVE_MS,
  LOCK_LIMIT_MS,
  POOL_MAX_CONNECTIONS,
  STATEMENT_LIMIT_MS,
} from './limits.ts';
import { type PostgresAddress, postgresError } from './postgres-errors.ts';

export interface PostgresServer extends PostgresAddress {
  readonly password: Secret | null;
  /** `ca`: PEM of the authorities to believe; null: the system's. `serverName` must stand in the certificate. */
  readonly tls: null | { readonly ca: string | null; readonly serverName: string };
}

const APPLICATION_NAME = 'atlas-fleet';

const SETTINGS: Readonly<Record<string, string | number>> = {
  synchronous_commit: 'on',
  default_transaction_isolation: 'read committed',
  statement_timeout: STATEMENT_LIMIT_MS,
  lock_timeout: LOCK_LIMIT_MS,
  idle_in_transaction_session_timeout: IDLE_TRANSACTION_LIMIT_MS,
  extra_float_digits: 1, // a figure comes back as it went in
  bytea_output: 'hex',
};

export class PostgresPool implements PoolOfKysely {
  readonly options = {};
  readonly #server: PostgresServer;
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #sockets = new Set<Socket>();
  /** Those that were not dropped: the pool hears of that a moment later. */
  readonly #usable = new Set<PoolClient>();
  readonly #leases = new Set<Promise<void>>();
  #closed = false;

  constructor(server: PostgresServer, { clock, log }: { clock: Clock; log: Log }) {
    this.#server = server;
    this.#clock = clock;
    this.#pool = new Pool({ ...settingsFor(server), stream: () => this.#socket() });
    this.#pool.on('connect', (client) => {
      client.on('error', () => {}); // the query under way rejects with it
      this.#usable.add(client);
    });
    this.#pool.on('remove', (client) => this.#usable.delete(client));
    const { host, port } = server;
    const limited = new RateLimitedLog(clock);
    this.#pool.on('error', ({ message }) =>
      limited.once('lost', (times) =>
        log.warn('store_connection_lost', 'Lost a connection to PostgreSQL', { host, port, message, times }),
      ),
    );
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.#closed) throw closedError();
    const lease = Promise.withResolvers<void>();
    this.#leases.add(lease.promise);
    const giveBack = () => {
      this.#leases.delete(lease.promise);
      lease.resolve();
    };
    try {
      return this.#lease(await this.#take(), giveBack);
    } catch (cause) {
      giveBack();
      throw postgresError(cause, this.#server);
    }
  }

  /** Lets what is under way come to its end, which has a limit, and takes nothing more. */
  async end(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#leases);
    const timer = this.#clock.after(GOODBYE_LIMIT_MS, () => this.#dropAll());
    await this.#pool.end();
    timer.cancel();
  }

  async #take(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#pool.connect();
      if (this.#usable.has(client)) return client;
      client.release(true);
    }
  }

  #lease(client: PoolClient, giveBack: () => void): PostgresPoolClient {
    /** Why this connection is of no more use: what is still asked of it gets the same answer at once. */
    let lost: { readonly why: unknown } | undefined;
    const query = async <Row>(text: unknown, values?: readonly unknown[]) => {
      if (lost !== undefined) throw lost.why;
      const timer = this.#clock.after(ANSWER_LIMIT_MS, () => this.#dropAll());
      try {
        return (await client.query(`${text}`, [...(values ?? [])])) as unknown as PostgresQueryResult<Row>;
      } catch (cause) {
        const why = postgresError(cause, this.#server);
        if (isLoss(cause)) lost = { why };
        throw why;
      } finally {
        timer.cancel();
      }
    };
    const release = (destroy = false) => {
      client.release(destroy || lost !== undefined);
      giveBack();
    };
    return { query: query as PostgresPoolClient['query'], release };
  }

  #socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  #dropAll(): void {
    this.#usable.clear();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** The answer to a query leaves the connection as it was, unless it is the last one. */
function isLoss(cause: unknown): boolean {
  if (cause instanceof DatabaseError) return cause.severity === 'FATAL' || cause.severity === 'PANIC';
  return !(cause instanceof AtlasError);
}

/** Every value is given, even if empty: pg takes what is left out from the environment and from files. */
function settingsFor(server: PostgresServer) {
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
    max: POOL_MAX_CONNECTIONS,
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
