/**
 * The nonces that a server gives to joiners: each good for a minute, and for one request that proves a ticket. Nothing
 * is kept of one that was given: it carries its own time, under a MAC of this process, so that no crowd of strangers
 * can use them up.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { decodeBase64, encodeBase64, equalBytes } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';

const LIFE_MS = 60_000;
const TIME_BYTES = 8;
const RANDOM_BYTES = 8;
const MAC_BYTES = 16;
/** Nonces remembered as used, the oldest of which is forgotten first. Arbitrary: only who holds a ticket uses one. */
const USED_MAX = 1000;

export class JoinNonces {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  readonly #used = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** 32 bytes, base64, and until when (Unix ms) they are good. */
  give(): { readonly nonce: string; readonly expiresAtMs: number } {
    const head = Buffer.alloc(TIME_BYTES + RANDOM_BYTES);
    head.writeDoubleBE(this.#clock.monotonicMs() + LIFE_MS);
    randomBytes(RANDOM_BYTES).copy(head, TIME_BYTES);
    const nonce = encodeBase64(Buffer.concat([head, this.#mac(head)]));
    return { nonce, expiresAtMs: this.#clock.wallMs() + LIFE_MS };
  }

  isGood(nonce: string): boolean {
    const bytes = Buffer.from(decodeBase64(nonce) ?? []);
    if (bytes.byteLength !== TIME_BYTES + RANDOM_BYTES + MAC_BYTES) return false;
    const head = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES);
    if (!equalBytes(this.#mac(head), bytes.subarray(head.byteLength))) return false;
    return this.#clock.monotonicMs() <= head.readDoubleBE() && !this.#used.has(nonce);
  }

  use(nonce: string): void {
    this.#used.add(nonce);
    const [oldest] = this.#used;
    if (this.#used.size > USED_MAX && oldest !== undefined) this.#used.delete(oldest);
  }

  #mac(head: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#key).update(head).digest().subarray(0, MAC_BYTES);
  }
}
