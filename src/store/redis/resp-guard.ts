/**
 * Reads what a Redis sends before its client's decoder does, and refuses what nobody asked for. The decoder makes an
 * array of any length that twelve bytes announce, and a number of any digits: within one call, where no time limit
 * fires. What passes here the decoder cannot take otherwise: the part of RESP3 that our commands are answered with,
 * each line ended by CR LF, without the nulls of RESP2.
 *
 * A guard that has refused something is done with: its connection must end.
 */
import { LEVELS_MAX, LINE_MAX_BYTES, NAMES_MAX_BYTES, VALUE_COST_BYTES, VALUES_MAX } from './bounds.ts';
import { FOREIGN_PROTOCOL, TOO_MUCH } from './trouble.ts';

const CR = 0x0d;
const LF = 0x0a;
/** A line of which more must come. */
const BEGINNING = /^(?:[+:$=*~%_-]|$)/;
/** An error, a status, a number or a null. */
const WHOLE = /^(?:[+-].*|:[+-]?\d{1,19}|_)$/s;
/** The length of a string, plain or with the word of three letters and a colon before it, or of a list, a set or a map. */
const LENGTH = /^[$=*~%](\d+)$/;
/** Of that word: the decoder skips it unseen, and so must not be told of a shorter string. */
const FORMAT_BYTES = 4;

export class RespGuard {
  readonly #callBytes: number;
  #leftBytes: number;
  #hasSeenBytes = false;
  /** What has come of a line. */
  #line = '';
  #awaitsLineFeed = false;
  /** In a string, and how much of it is still to come; its end is an empty line. */
  #isInString = false;
  #stringBytes = 0;
  /** Values still to come in each list that is open, and all that this reply has announced. */
  readonly #open: number[] = [];
  #values = 0;

  /** `callBytes`: what may come, its cost included, until allowCall(). */
  constructor(callBytes: number) {
    this.#callBytes = callBytes;
    this.#leftBytes = callBytes;
  }

  /** Whether it stands where the bytes pass. */
  get hasSeenBytes(): boolean {
    return this.#hasSeenBytes;
  }

  /** A call begins, whose answers may be as large as any. */
  allowCall(): void {
    this.#leftBytes = this.#callBytes;
  }

  /** Throws a RedisTrouble; then nothing of this chunk may be decoded. */
  take(chunk: Buffer): void {
    this.#hasSeenBytes = true;
    this.#spend(chunk.byteLength);
    for (let at = 0; at < chunk.byteLength; ) at = this.#advance(chunk, at);
  }

  /** Returns where to go on. */
  #advance(chunk: Buffer, at: number): number {
    if (this.#awaitsLineFeed) {
      if (chunk[at] !== LF) throw FOREIGN_PROTOCOL;
      this.#awaitsLineFeed = false;
      return at + 1;
    }
    if (this.#stringBytes === 0) return this.#readLine(chunk, at);
    const bytes = Math.min(this.#stringBytes, chunk.byteLength - at);
    this.#stringBytes -= bytes;
    return at + bytes;
  }

  /** Ends at CR and not at LF: the decoder believes a length as soon as it sees the first. */
  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(CR, at);
    const piece = chunk.subarray(at, end === -1 ? undefined : end);
    if (this.#line.length + piece.byteLength > LINE_MAX_BYTES) throw TOO_MUCH;
    this.#line += piece.toString('latin1');
    if (end === -1) {
      if (!BEGINNING.test(this.#line)) throw FOREIGN_PROTOCOL;
      return chunk.byteLength;
    }
    this.#awaitsLineFeed = true;
    if (this.#isInString) this.#endString(this.#line);
    else this.#judge(this.#line);
    this.#line = '';
    return end + 1;
  }

  #judge(line: string): void {
    const length = LENGTH.exec(line)?.[1];
    if (length === undefined) {
      if (!WHOLE.test(line)) throw FOREIGN_PROTOCOL;
      this.#endValue();
    } else if (line.startsWith('$')) this.#beginString(Number(length));
    else if (line.startsWith('=')) this.#beginFormatted(Number(length));
    else this.#beginList(line.startsWith('%') ? 2 * Number(length) : Number(length));
  }

  #beginString(bytes: number): void {
    if (bytes > Math.min(NAMES_MAX_BYTES, this.#leftBytes)) throw TOO_MUCH;
    this.#isInString = true;
    this.#stringBytes = bytes;
  }

  #beginFormatted(bytes: number): void {
    if (bytes < FORMAT_BYTES) throw FOREIGN_PROTOCOL;
    this.#beginString(bytes);
  }

  #endString(line: string): void {
    if (line !== '') throw FOREIGN_PROTOCOL;
    this.#isInString = false;
    this.#endValue();
  }

  #beginList(values: number): void {
    this.#values += values;
    if (this.#values > VALUES_MAX || this.#open.length === LEVELS_MAX) throw TOO_MUCH;
    this.#spend(values * VALUE_COST_BYTES);
    if (values === 0) this.#endValue();
    else this.#open.push(values);
  }

  /** And with the last value of a list, the list. */
  #endValue(): void {
    for (;;) {
      const left = this.#open.pop();
      if (left === undefined) break;
      if (left > 1) {
        this.#open.push(left - 1);
        return;
      }
    }
    this.#values = 0;
  }

  #spend(bytes: number): void {
    this.#leftBytes -= bytes;
    if (this.#leftBytes < 0) throw TOO_MUCH;
  }
}
