/**
 * After a compromise the passwords of Redis and PostgreSQL are changed by hand. So that it is not forgotten, a server
 * that runs when the secret changes notes a salted digest of its own, and says until it is another one that it is not.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { reasonOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Secret } from '../../base/secret.ts';
import type { RosterStep } from '../../protocol/roster-step.ts';
import type { PasswordMark, PasswordMarkStore, PasswordMarks } from '../../store/password-marks.ts';
import type { SecurityLine } from '../security/security-line.ts';

const SALT_BYTES = 16;

/** Null where none is configured. */
export interface Passwords {
  readonly redis: Secret | null;
  readonly postgres: Secret | null;
}

export interface PasswordWatchParts {
  readonly marks: PasswordMarkStore;
  readonly passwords: Passwords;
  readonly log: Log;
}

export class PasswordWatch {
  readonly #parts: PasswordWatchParts;
  #marks: PasswordMarks | 'unreadable' | null = null;
  /** The last change of the secret after a compromise. */
  #compromise: { readonly digest: string; readonly at: string } | null = null;

  constructor(parts: PasswordWatchParts) {
    this.#parts = parts;
  }

  /**
   * `isRunning`: this process ran before the last of these steps came, so its passwords are those of that time.
   * Never rejects.
   */
  async follow(steps: readonly RosterStep[], isRunning: boolean): Promise<void> {
    const last = steps.findLast(({ operations }) =>
      operations.some((operation) => operation.op === 'prepare_secret' && operation.compromise),
    );
    if (last === undefined || last.digest === this.#compromise?.digest) return;
    this.#compromise = { digest: last.digest, at: new Date(last.time * 1000).toISOString() };
    const known = await this.#load();
    if (known !== 'unreadable' && known?.step === last.digest) this.#marks = known;
    else if (isRunning) await this.#note(last.digest);
    else if (known === 'unreadable') this.#marks = known;
  }

  lines(): SecurityLine[] {
    if (this.#compromise === null) return [];
    const { redis, postgres } = this.#parts.passwords;
    return [...this.#line('redis', 'Redis', redis), ...this.#line('postgres', 'PostgreSQL', postgres)];
  }

  async #load(): Promise<PasswordMarks | 'unreadable' | null> {
    const { marks, log } = this.#parts;
    return marks.load().catch((error: unknown) => {
      const sentence = 'What was noted of the passwords at the compromise cannot be read';
      log.warn('passwords.unreadable', sentence, reasonOf(error));
      return 'unreadable';
    });
  }

  async #note(step: string): Promise<void> {
    const { marks, passwords, log } = this.#parts;
    this.#marks = { step, redis: markOf(passwords.redis), postgres: markOf(passwords.postgres) };
    await marks.keep(this.#marks).catch((error: unknown) =>
      log.warn(
        'passwords.not_noted',
        'Whether the passwords are changed is known until the next start only',
        {
          ...reasonOf(error),
        },
      ),
    );
  }

  #line(of: 'redis' | 'postgres', name: string, password: Secret | null): SecurityLine[] {
    const answer = this.#answer(of, name, password);
    if (answer === null) return [];
    const what = `The password of ${name}, since the compromise of ${this.#compromise?.at ?? ''}`;
    return [{ code: `${of}_password_changed`, group: 'level', what, expected: 'another one', ...answer }];
  }

  /** Null where there is no password to change. */
  #answer(of: 'redis' | 'postgres', name: string, password: Secret | null): Answer | null {
    const marks = this.#marks;
    if (marks === null) return password && NOT_KNOWN;
    if (marks === 'unreadable') return password && UNREADABLE;
    const mark = marks[of];
    if (mark === null) return null;
    const isSame = password !== null && digestOf(password, mark.salt) === mark.digest;
    return isSame ? sameAsBefore(name) : CHANGED;
  }
}

type Answer = Pick<SecurityLine, 'state' | 'seen' | 'mend'>;

const CHANGED: Answer = { state: 'pass', seen: 'another one', mend: null };
const NOT_KNOWN: Answer = { state: 'info', seen: 'not known: this server did not run then', mend: null };
const UNREADABLE: Answer = {
  state: 'warn',
  seen: 'noted, but cannot be read',
  mend: 'See in the log why, mend the file and restart; if it is lost, change the password and remove the file.',
};

const sameAsBefore = (name: string): Answer => ({
  state: 'fail',
  seen: 'the same: whoever had it still gets in',
  mend: `Change it: atlas-fleet cluster security --leaks names the commands for ${name}; then write it into every config.yaml and restart.`,
});

function markOf(password: Secret | null): PasswordMark | null {
  if (password === null) return null;
  const salt = randomBytes(SALT_BYTES).toString('hex');
  return { salt, digest: digestOf(password, salt) };
}

function digestOf(password: Secret, salt: string): string {
  return createHmac('sha256', salt).update(password.reveal()).digest('hex');
}
