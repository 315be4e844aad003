/**
 * Slows down who guesses: after some failures of one subject (a name from an address, an address) within 15 minutes,
 * each further one doubles the wait. An attempt counts as a failure from its start until it has succeeded, so that a
 * hundred at once are not one. It holds for one server, in bounded memory; a restart forgets.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { AtlasError } from '../base/errors.ts';

export const ATTEMPTS_FREE = 5;
export const ATTEMPT_WINDOW_SECONDS = 900;
/** The first wait, and the longest. Arbitrary. */
export const ATTEMPT_WAIT_SECONDS = 30;
export const ATTEMPT_WAIT_MAX_SECONDS = 900;
/** Subjects remembered; the one that was quiet for longest goes first. Arbitrary: about 2 MB. */
export const ATTEMPT_SUBJECTS_MAX = 10_000;

interface Failures {
  count: number;
  lastMs: number;
  blockedUntilMs: number;
}

export class AttemptLimit {
  readonly #clock: Clock;
  /** Ordered by the time of the last failure: an entry is set anew whenever it changes. */
  readonly #failures = new Map<string, Failures>();

  readonly #free: number;

  /** `free`: failures of one subject that cost nothing. */
  constructor(clock: Clock, free = ATTEMPTS_FREE) {
    this.#clock = clock;
    this.#free = free;
  }

  /** Throws rate_limited, which is no failure itself: who keeps knocking does not lock himself out for ever. */
  begin(subjects: readonly string[]): void {
    const nowMs = this.#clock.monotonicMs();
    const keys = subjects.map(keyOf);
    const blockedMs = Math.max(
      ...keys.map((key) => (this.#current(key, nowMs)?.blockedUntilMs ?? 0) - nowMs),
    );
    if (blockedMs > 0) {
      throw new AtlasError('rate_limited', 'Too many failed attempts.', {
        hint: 'Wait, then try again.',
        retryAfterSeconds: Math.ceil(blockedMs / 1000),
      });
    }
    for (const key of keys) this.#fail(key, nowMs);
  }

  /** Takes back the failure that begin() counted; `cleared` are those whose earlier ones are forgiven too. */
  succeed(subjects: readonly string[], cleared: readonly string[]): void {
    for (const key of subjects.map(keyOf)) {
      const failures = this.#failures.get(key);
      if (failures === undefined) continue;
      failures.count -= 1;
      if (failures.count < this.#free) failures.blockedUntilMs = 0;
      if (failures.count <= 0) this.#failures.delete(key);
    }
    for (const subject of cleared) this.#failures.delete(keyOf(subject));
  }

  #current(key: string, nowMs: number): Failures | undefined {
    const failures = this.#failures.get(key);
    const windowMs = ATTEMPT_WINDOW_SECONDS * 1000;
    return failures !== undefined && nowMs - Math.max(failures.lastMs, failures.blockedUntilMs) < windowMs
      ? failures
      : undefined;
  }

  #fail(key: string, nowMs: number): void {
    const count = (this.#current(key, nowMs)?.count ?? 0) + 1;
    const beyond = count - this.#free;
    const waitSeconds = Math.min(ATTEMPT_WAIT_MAX_SECONDS, ATTEMPT_WAIT_SECONDS * 2 ** beyond);
    const blockedUntilMs = beyond < 0 ? 0 : nowMs + waitSeconds * 1000;
    this.#failures.delete(key);
    this.#failures.set(key, { count, lastMs: nowMs, blockedUntilMs });
    const [quietest] = this.#failures.keys();
    if (this.#failures.size > ATTEMPT_SUBJECTS_MAX && quietest !== undefined) this.#failures.delete(quietest);
  }
}

/** Who holds an IPv6 network holds 2^64 addresses, so the network is the subject. */
export function addressSubject(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return `address ${mapped[1]}`;
  if (!address.includes(':')) return `address ${address}`;
  const [left = '', right] = address.split('::');
  const head = left.split(':');
  const tail = right === undefined ? [] : right.split(':');
  const zeros = right === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...new Array<string>(zeros).fill('0'), ...tail].map((group) => group || '0');
  return `address ${groups.slice(0, 4).join(':').toLowerCase()}::/64`;
}

/** Of fixed length, whatever the subject. */
function keyOf(subject: string): string {
  return createHash('sha256').update(subject).digest('base64');
}
