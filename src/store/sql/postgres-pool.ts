/**
 * Some connections to PostgreSQL for kysely, each use of them under a time limit of ours. When one falls silent all
 * that go there are dropped (postgres-wires.ts), and the next use connects anew.
 */
import type { PostgresPool as PoolOfKysely, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { DatabaseError, Pool, type PoolClient } from 'pg';
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { closedError, unavailable } from './failures.ts';
import { ANSWER_LIMIT_MS, GOODBYE_LIMIT_MS } from './limits.ts';
import { postgresError } from './postgres-errors.ts';
import { type PostgresServer, settingsFor } from './postgres-settings.ts';
import type { PostgresWires } from './postgres-wires.ts';

/** What pg-pool says when no connection became free in time. */
const NONE_BECAME_FREE = 'timeout exceeded when trying to connect';

export interface PoolParts {
  /** At most. */
  readonly connections: number;
  /** Those of all pools. */
  readonly wires: PostgresWires;
  readonly clock: Clock;
  readonly log: Log;
}

export class PostgresPool implements PoolOfKysely {
  readonly options = {};
  readonly #server: PostgresServer;
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #wires: PostgresWires;
  readonly #leases = new Set<Promise<void>>();
  #ending: Promise<void> | undefined;

  constructor(server: PostgresServer, { connections, wires, clock, log }: PoolParts) {
    this.#server = server;
    this.#clock = clock;
    this.#wires = wires;
    this.#pool = new Pool({ ...settingsFor(server, connections), stream: () => wires.socket() });
    this.#pool.on('connect', (client) => {
      client.on('error', () => {}); // the query under way rejects with it
      wires.add(client);
    });
    this.#pool.on('remove', (client) => wires.remove(client));
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
      throw this.#whyNone(cause);
    }
  }

  /** Lets what is under way come to its end, which has a limit, and takes nothing more. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    await Promise.all(this.#leases);
    const timer = this.#clock.after(GOODBYE_LIMIT_MS, () => this.#wires.dropAll());
    await this.#pool.end();
    timer.cancel();
  }

  async #take(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#pool.connect();
      if (this.#wires.isUsable(client)) return client;
      client.release(true);
    }
  }

  /** Who waited for others to finish learned nothing about PostgreSQL, unless no connection stands at all. */
  #whyNone(cause: unknown): unknown {
    const waited = cause instanceof Error && cause.message === NONE_BECAME_FREE;
    if (!waited || !this.#wires.isConnected) return postgresError(cause, this.#server);
    return unavailable(
      'all connections to PostgreSQL are busy',
      'nothing, when it passes; else see what is asked of this server, and the load of PostgreSQL',
      cause,
    );
  }

  #lease(client: PoolClient, giveBack: () => void): PostgresPoolClient {
    /** Why this connection is of no more use: what is still asked of it gets the same answer at once. */
    let lost: { readonly why: unknown } | undefined;
    const query = async <Row>(text: string, values: readonly unknown[]) => {
      if (lost !== undefined) throw lost.why;
      const timer = this.#clock.after(ANSWER_LIMIT_MS, () => this.#wires.dropAll());
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
}

/** The answer to a query leaves the connection as it was, unless it is the last one. */
function isLoss(cause: unknown): boolean {
  if (cause instanceof DatabaseError) return cause.severity === 'FATAL' || cause.severity === 'PANIC';
  return !(cause instanceof AtlasError);
}
