/**
 * One piece of heavy reading at a time, with a turn of the event loop before each: SQLite answers on this very
 * thread, and a hundred lists that were asked for at once would otherwise keep heartbeats and health waiting.
 */
import { nextTurn } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';

/** Readings that may wait; a dozen open pages have fewer. Arbitrary. */
export const READINGS_MAX = 64;

export class Turns {
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Rejects with view_busy when too many wait already. */
  async take<T>(read: () => Promise<T>): Promise<T> {
    if (this.#waiting >= READINGS_MAX) {
      throw new AtlasError('view_busy', 'Too many lists and charts are being read.', {
        hint: 'Try again in a moment.',
        retryAfterSeconds: 2,
      });
    }
    this.#waiting += 1;
    const turn = this.#last.then(nextTurn).then(read);
    this.#last = turn.catch(() => {}); // whose reading it was hears of it
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}
