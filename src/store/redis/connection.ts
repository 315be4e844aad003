/**
 * The way to the registry's master, kept open for ever: what breaks, is paused, or turns out to be a replica is
 * dropped, and the master is looked for again. A call never waits longer than its limit, and while there is no
 * connection it is refused at once with the reason.
 */
import { ClientClosedError, ClientOfflineError, DisconnectsClientError } from 'redis';
import { type Clock, sleep } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { NoAnswer, within } from '../../base/time-limit.ts';
import { CALL_MAX_BYTES } from './bounds.ts';
import {
  connectGuarded,
  type GuardedClient,
  makeClient,
  type RedisAccess,
  type RedisClient,
} from './client.ts';
import { addressOf, locate, type RedisEndpoint } from './endpoint.ts';
import { codeOf, type Explained, explain, explainStranger, IS_REPLICA, RedisTrouble } from './trouble.ts';

export interface RedisConnectionOptions extends RedisAccess {
  readonly endpoint: RedisEndpoint;
  /** Our name in the server's CLIENT LIST. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds for one call, however many round trips: a server that trickles keeps its socket awake. Arbitrary. */
const CALL_LIMIT_MS = 4000;
/** Milliseconds until a new connection has proved to be the master. Arbitrary. */
const GREETING_LIMIT_MS = 3000;
/** Milliseconds between a PING's answer and the next, and for its answer: silence is noticed within their sum. */
const PING_INTERVAL_MS = 500;
const PING_LIMIT_MS = 2000;
/** Milliseconds before the first and, doubling, at most before any further attempt. */
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 1000;
/** Milliseconds after which a connection was a good one, and the next attempt is again a first one. */
const STEADY_MS = 5000;

export class RedisConnection {
  /** For people; holds no secret. */
  readonly address: string;
  readonly #options: RedisConnectionOptions;
  readonly #rare: RateLimitedLog;
  readonly #closing = new AbortController();
  /** Settled by the end of the first attempt: until then there is no reason to refuse a call. */
  readonly #tried = Promise.withResolvers<void>();
  #held: GuardedClient | null = null;
  /** Ends what is under way, with the reason. */
  #end: (reason: unknown) => void = () => undefined;
  /** Why there is no connection. */
  #trouble: Explained = { reason: 'it is being looked for', hint: 'wait' };

  private constructor(options: RedisConnectionOptions) {
    this.address = addressOf(options.endpoint, options);
    this.#options = options;
    this.#rare = new RateLimitedLog(options.clock);
  }

  static open(options: RedisConnectionOptions): RedisConnection {
    const connection = new RedisConnection(options);
    void connection.#stayConnected();
    return connection;
  }

  /** Commands given in one turn of `work` go out together. Rejects with member_store_unavailable. */
  async run<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    await this.#tried.promise;
    const held = this.#held;
    if (held === null) throw this.#unavailable(this.#trouble);
    held.guard.allowCall();
    try {
      return await within(this.#options.clock, CALL_LIMIT_MS, () => work(held.client));
    } catch (cause) {
      const isOver = cause instanceof NoAnswer || codeOf(cause) === 'READONLY';
      if (isOver && held === this.#held) this.#end(cause);
      throw this.#unavailable(isAftermath(cause) ? this.#trouble : explain(cause, this.#options));
    }
  }

  close(): void {
    this.#trouble = explain(CLOSED, this.#options);
    this.#closing.abort(CLOSED);
    this.#end(CLOSED);
  }

  /** Without a cause: the words of a server may hold what it was told, our password among it. */
  #unavailable({ reason, hint }: Explained): AtlasError {
    const sentence = `the registry ${this.address} cannot be used: ${reason}`;
    return new AtlasError('member_store_unavailable', sentence, { hint });
  }

  async #stayConnected(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    let failures = 0;
    while (!signal.aborted) {
      const fromMs = clock.monotonicMs();
      await this.#hold();
      this.#tried.resolve();
      if (signal.aborted) return;
      this.#sayLost();
      failures = clock.monotonicMs() - fromMs >= STEADY_MS ? 0 : failures + 1;
      await sleep(clock, backoffMs(failures), signal).catch(() => undefined); // closed meanwhile
    }
  }

  /** One connection, from the search for its server to its end. Leaves behind why it ended, and never rejects. */
  async #hold(): Promise<void> {
    const { endpoint, name, clock } = this.#options;
    let held: GuardedClient | undefined;
    try {
      const server = await locate(endpoint, this.#options, clock);
      this.#closing.signal.throwIfAborted();
      const guarded = makeClient(server, this.#options, { name, callBytes: CALL_MAX_BYTES });
      held = guarded;
      const { promise: broken, reject } = Promise.withResolvers<never>();
      this.#end = reject;
      guarded.client.on('error', reject);
      await Promise.race([within(clock, GREETING_LIMIT_MS, () => greet(guarded)), broken]);
      this.#hasMaster(guarded);
      await Promise.race([keepAsking(clock, guarded.client, this.#closing.signal), broken]);
    } catch (reason) {
      const inWords = this.#held === null ? explainStranger : explain;
      this.#trouble = inWords(reason, this.#options);
    } finally {
      this.#held = null;
      held?.client.destroy();
    }
  }

  #hasMaster(held: GuardedClient): void {
    this.#held = held;
    this.#tried.resolve();
    this.#rare.once('connected', (times) =>
      this.#options.log.info('cluster.redis.connected', 'Connected to Redis', { redis: this.address, times }),
    );
  }

  #sayLost(): void {
    const { reason, hint, isQuoted } = this.#trouble;
    this.#rare.once(isQuoted ? 'in its own words' : reason, (times) =>
      this.#options.log.warn('cluster.redis.away', 'No connection to Redis; trying again', {
        redis: this.address,
        reason,
        hint,
        times,
      }),
    );
  }
}

const CLOSED = new RedisTrouble('this server has left it', 'start the server again');

/** A replica would take our reads and refuse our writes: a half registry is none. */
async function greet(guarded: GuardedClient): Promise<void> {
  const { client } = guarded;
  await connectGuarded(guarded);
  const [{ role }] = await Promise.all([client.hello(), client.ping()]);
  if (String(role) !== 'master') throw IS_REPLICA;
}

/** Not by the socket's timer: that is kept awake by what we write to a peer that is gone. Ends by rejecting. */
async function keepAsking(clock: Clock, client: RedisClient, signal: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(clock, PING_INTERVAL_MS, signal);
    await within(clock, PING_LIMIT_MS, () => client.ping());
  }
}

/** The library's words for commands that a connection took with it; why it went is known from elsewhere. */
function isAftermath(error: unknown): boolean {
  return (
    error instanceof DisconnectsClientError ||
    error instanceof ClientClosedError ||
    error instanceof ClientOfflineError
  );
}

/** With jitter, so that the nodes of a cluster do not come back as one wave. */
function backoffMs(failures: number): number {
  const longest = Math.min(BACKOFF_FIRST_MS * 2 ** failures, BACKOFF_MAX_MS);
  return longest * (0.5 + Math.random() / 2);
}
