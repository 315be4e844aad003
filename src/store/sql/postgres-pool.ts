/**
 * Connections to PostgreSQL for kysely, each use of them under a time limit of ours. When one falls silent all are
 * dropped: they end at the same machine, and would otherwise each cost somebody the whole limit. The next use
 * connects anew.
 */
import { Socket } from 'node:net';
import type { PostgresPool as PoolOfKysely, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { DatabaseError, Pool, type PoolClient } from 'pg';
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { closedError } from './failures.ts';
import { ANSWER_LIMIT_MS, GOODBYE_LIMIT_MS } from './limits.ts';
import { postgresError } from './postgres-errors.ts';
import { type PostgresServer, settingsFor } from './postgres-settings.ts';

export class PostgresPool implements PoolOfKysely {
  readonly options = {};
  readonly #server: PostgresServer;
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #sockets = new Set<Socket>();
  /** Those that were not dropped: the pool hears of that a moment later. */
  readonly #usable = new Set<PoolClient>();
  readonly #leases = new Set<Promise<void>>();
  #ending: Promise<void> | undefined;

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
    if (this.#ending) throw closedError();
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
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
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
    const query = async <Row>(text: string, values: readonly unknown[]) => {
      if (lost !== undefined) throw lost.why;
      const timer = this.#clock.after(ANSWER_LIMIT_MS, () => this.#dropAll());
      try {
        return (await client.query(text, [...values])) as unknown as PostgresQueryResult<Row>;
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
