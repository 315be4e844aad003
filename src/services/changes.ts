/**
 * Tells listeners that something changed, not what: a page then asks again, through the same guarded routes.
 * Many changes in a row are one, so that a thousand Macs do not make a browser ask a thousand times.
 */
import type { Clock, Timer } from '../base/clock.ts';

export type Topic = 'machines' | 'cluster';
type Listener = (topic: Topic) => void;

/** Milliseconds in which changes of one topic are one. */
const GATHER_MS = 500;

export class Changes {
  readonly #clock: Clock;
  readonly #listeners = new Set<Listener>();
  readonly #gathering = new Map<Topic, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(topic: Topic): void {
    if (this.#listeners.size === 0 || this.#gathering.has(topic)) return;
    const timer = this.#clock.after(GATHER_MS, () => {
      this.#gathering.delete(topic);
      for (const listener of this.#listeners) listener(topic);
    });
    this.#gathering.set(topic, timer);
  }

  /** Calls until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
