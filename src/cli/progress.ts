/** How far a download is: one line that is written over on a terminal; to a file, nothing. */
const BAR_WIDTH = 24;
const MEGABYTE = 1_000_000;
/** Milliseconds between two drawings. */
const REDRAW_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

export class Progress {
  readonly #what: string;
  readonly #total: number | null;
  readonly #shown = process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  #bytes = 0;
  #drawnAt = 0;

  /** `total`: bytes, null when nobody knows. */
  constructor(what: string, total: number | null) {
    this.#what = what;
    this.#total = total;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (!this.#shown || performance.now() - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = performance.now();
    process.stderr.write(`${CLEAR_LINE}${progressLine(this.#what, this.#bytes, this.#total)}`);
  }

  /** Leaves the line empty for what is said next. */
  end(): void {
    if (this.#shown) process.stderr.write(CLEAR_LINE);
  }
}

export function progressLine(what: string, bytes: number, total: number | null): string {
  const megabytes = (count: number) => (count / MEGABYTE).toFixed(1);
  if (total === null) return `${what}  ${megabytes(bytes)} MB`;
  const filled = Math.min(BAR_WIDTH, Math.floor((bytes / total) * BAR_WIDTH));
  const bar = '#'.repeat(filled).padEnd(BAR_WIDTH, '.');
  return `${what}  [${bar}]  ${megabytes(bytes)} of ${megabytes(total)} MB`;
}
