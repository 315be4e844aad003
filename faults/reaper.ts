/**
 * Ends what was started, the last first, whatever happens: once, each whether or not the one before it failed.
 * What is given after the end began is ended at once.
 */
type Close = () => Promise<unknown> | unknown;

export class Reaper {
  readonly #closes: Close[] = [];
  #closing: Promise<void> | undefined;

  /** Returns what it was given, to be read as "start it, and see that it ends". */
  mind<T>(thing: T, close: (thing: T) => Promise<unknown> | unknown): T {
    this.#closes.push(() => close(thing));
    if (this.#closing !== undefined) this.#closing = this.#closing.then(() => this.#closeAll());
    return thing;
  }

  /** The same for what takes time to start: an end that comes meanwhile waits for it, and ends it. */
  async start<T>(starting: Promise<T>, close: (thing: T) => Promise<unknown> | unknown): Promise<T> {
    this.mind(starting, () =>
      starting.then(
        (thing) => close(thing),
        () => {}, // it did not start, and has cleared up after itself
      ),
    );
    return starting;
  }

  /** Rejects with the first failure, after all were tried. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closes.pop(); close !== undefined; close = this.#closes.pop()) {
      await Promise.resolve()
        .then(close)
        .catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
