/**
 * How many sessions and tokens are looked up at the same time. A made-up one costs a query of the database before it
 * can be refused, so strangers queue apart from those who were known a moment ago, and each network by itself before
 * that: none fills the queue of all. One that has shown too many wrong ones has one looked up at a time, so that a right
 * one among them still gets in. Nobody is believed for having been
 * known: every credential is looked up every time.
 */
import { AtlasError } from '../base/errors.ts';
import { networkOf } from '../services/limits/network-of.ts';
import { type PlaceLimits, Places } from '../services/limits/places.ts';
import { hashOf } from '../services/people/token-hash.ts';
import type { CallerRates } from './caller-rates.ts';

/** Of one server, each lane by itself. All arbitrary: the database answers some thousand a second. */
export const LOOKUPS = {
  known: { running: 4, waiting: 256 },
  strangers: { running: 2, waiting: 64 },
  /** Of one network. */
  network: { running: 2, waiting: 32 },
  /** Of one network that has shown too many wrong ones. */
  suspect: { running: 1, waiting: 8 },
} as const satisfies Record<string, PlaceLimits>;
/** Credentials remembered as known; who was quiet for longest goes first. Arbitrary: about 2 MB. */
const KNOWN_MAX = 10_000;
const BUSY_RETRY_SECONDS = 2;

export class Lookups {
  readonly #rates: CallerRates;
  readonly #knownLane = new Places(LOOKUPS.known, tooMany);
  readonly #strangersLane = new Places(LOOKUPS.strangers, tooMany);
  /** By network and what is thought of it, while one of its lookups is under way. */
  readonly #networks = new Map<string, { readonly lane: Places; count: number }>();
  /** SHA-256 of credentials that were good when they were last looked up. */
  readonly #known = new Set<string>();

  constructor(rates: CallerRates) {
    this.#rates = rates;
  }

  /** Rejects with lookup_busy or rate_limited before `look` is called, or as `look` does. */
  async take<T>(credential: string, address: string, look: () => Promise<T>): Promise<T> {
    const key = hashOf(credential);
    try {
      const found = await this.#inLane(key, networkOf(address), look);
      this.#remember(key);
      return found;
    } catch (error) {
      if (error instanceof AtlasError && error.kind === 'unauthenticated') this.#known.delete(key);
      throw error;
    }
  }

  #inLane<T>(key: string, network: string, look: () => Promise<T>): Promise<T> {
    if (this.#known.has(key)) return this.#knownLane.take(look);
    return this.#ofNetwork(network, () => this.#strangersLane.take(look));
  }

  async #ofNetwork<T>(network: string, look: () => Promise<T>): Promise<T> {
    const isSuspect = this.#rates.isSuspect(network);
    const key = `${isSuspect ? 'suspect' : 'stranger'} ${network}`;
    const shared = this.#networks.get(key) ?? { lane: this.#laneFor(network, isSuspect), count: 0 };
    this.#networks.set(key, shared);
    shared.count += 1;
    try {
      return await shared.lane.take(look);
    } finally {
      shared.count -= 1;
      if (shared.count === 0) this.#networks.delete(key);
    }
  }

  #laneFor(network: string, isSuspect: boolean): Places {
    if (!isSuspect) return new Places(LOOKUPS.network, tooMany);
    return new Places(LOOKUPS.suspect, () => this.#rates.tooManyWrong(network));
  }

  #remember(key: string): void {
    this.#known.delete(key);
    this.#known.add(key);
    const [quietest] = this.#known;
    if (this.#known.size > KNOWN_MAX && quietest !== undefined) this.#known.delete(quietest);
  }
}

function tooMany(): AtlasError {
  return new AtlasError('lookup_busy', 'Too many sessions and tokens wait to be looked up.', {
    hint: 'Try again in a moment.',
    retryAfterSeconds: BUSY_RETRY_SECONDS,
  });
}
