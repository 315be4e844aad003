/**
 * Bytes that must not be printed. A Secret has no text form: logs, JSON, templates, URLs and inspect() all
 * show "[secret]". The only way to the bytes is reveal(), so every use can be found by its name.
 */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const SHOWN = '[secret]';

export class Secret {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
  }

  static fromText(text: string): Secret {
    return new Secret(new TextEncoder().encode(text));
  }

  /** The bytes themselves. Do not keep them, and do not put them into anything that is shown. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** The secret as UTF-8 text, for secrets that are texts (passwords, API keys). */
  revealText(): string {
    return new TextDecoder().decode(this.#bytes);
  }

  /** First 8 hex digits of SHA-256: enough to tell two apart on a screen, useless to find the secret. */
  fingerprint(): string {
    return createHash('sha256').update(this.#bytes).digest('hex').slice(0, 8);
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
