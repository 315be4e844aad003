/**
 * Many writers, one commit: what arrives while a commit is under way waits for the next, all of it together.
 * A promise resolves only after the commit that holds its item has returned. Bounded: what does not fit into
 * the queue is turned away at once, and one item that the database refuses does not fail its neighbours.
 */
import { nextTurn } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { RowRefused } from './failures.ts';
import {
  BATCH_MAX_BYTES,
  BATCH_MAX_REPORTS,
  QUEUE_MAX_BYTES,
  QUEUE_MAX_REPORTS,
  QUEUE_RETRY_SECONDS,
} from './limits.ts';

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** All or nothing: a result for each item in their order once they are durable, or a rejection and no trace. */
export type Commit<Item, Result> = (items: readonly Item[]) => Promise<readonly Result[]>;

export class GroupCommit<Item, Result> {
  readonly #commit: Commit<Item, Result>;
  readonly #queue: Waiting<Item, Result>[] = [];
  #queuedBytes = 0;
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(commit: Commit<Item, Result>) {
    this.#commit = commit;
  }

  /** `bytes`: about what the item holds in memory and costs to write. */
  add(item: Item, bytes: number): Promise<Result> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#queue.length >= QUEUE_MAX_REPORTS || this.#queuedBytes + bytes > QUEUE_MAX_BYTES)
      return Promise.reject(busyError());
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, bytes, resolve, reject });
      this.#queuedBytes += bytes;
      this.#draining ??= this.#drain();
    });
  }

  /** Takes nothing more, and resolves when all that was taken is settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      await nextTurn();
      await this.#settle(this.#nextBatch());
    }
    this.#draining = undefined;
  }

  #nextBatch(): Waiting<Item, Result>[] {
    let bytes = 0;
    const tooMany = this.#queue.findIndex((waiting, index) => {
      bytes += waiting.bytes;
      return index === BATCH_MAX_REPORTS || (index > 0 && bytes > BATCH_MAX_BYTES);
    });
    const batch = this.#queue.splice(0, tooMany === -1 ? this.#queue.length : tooMany);
    this.#queuedBytes -= sumOfBytes(batch);
    return batch;
  }

  async #settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#commit(batch.map((waiting) => waiting.item));
      batch.forEach((waiting, index) => {
        waiting.resolve(results[index] as Result);
      });
    } catch (error) {
      if (!(error instanceof RowRefused)) return this.#failAll(batch, error);
      if (batch.length === 1) return batch[0]?.reject(error);
      for (const waiting of batch) {
        await nextTurn();
        await this.#settle([waiting]);
      }
    }
  }

  /** What waits behind a failing disk would fail too, only later: nobody is kept until he gives up. */
  #failAll(batch: readonly Waiting<Item, Result>[], error: unknown): void {
    const behind = this.#queue.splice(0);
    this.#queuedBytes = 0;
    for (const waiting of [...batch, ...behind]) waiting.reject(error);
  }
}

function sumOfBytes(batch: readonly { bytes: number }[]): number {
  return batch.reduce((sum, { bytes }) => sum + bytes, 0);
}

function busyError(): AtlasError {
  return new AtlasError('intake_busy', 'more reports arrive than the disk can take', {
    hint: 'send the report again later',
    retryAfterSeconds: QUEUE_RETRY_SECONDS,
  });
}

function closedError(): AtlasError {
  return new AtlasError('store_unavailable', 'the server is stopping and takes no more reports', {
    hint: 'send the report to another server, or again later',
    retryAfterSeconds: QUEUE_RETRY_SECONDS,
  });
}
