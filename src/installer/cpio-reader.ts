/**
 * Reads the archive inside Payload and Scripts as it comes: cpio in its portable ASCII form ("odc"). Strict: octal
 * digits where there are digits, paths that lead nowhere else, one trailer and nothing but padding behind it.
 */
import { decodeUtf8 } from '../base/bytes.ts';
import { archivePath } from './layout.ts';
import { damaged } from './package-fault.ts';
import { PATH_MAX_BYTES } from './reading-limits.ts';
import { ROOT } from './tree.ts';

export interface CpioHead {
  /** As in `Library/FleetServer`; ROOT for the outermost folder. */
  readonly path: string;
  /** With the bits of its kind. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Unix seconds. */
  readonly time: number;
  /** Bytes that follow: of a file's content, or of a link's target. */
  readonly size: number;
}

/** An entry, and then its content in pieces. */
export type CpioPart =
  | { readonly kind: 'head'; readonly head: CpioHead }
  | { readonly kind: 'content'; readonly bytes: Uint8Array };

const HEAD_BYTES = 76;
const MAGIC = '070707';
const TRAILER = 'TRAILER!!!';

/** `what`: for sentences. Throws package_damaged. */
export async function* readCpio(chunks: AsyncIterable<Uint8Array>, what: string): AsyncIterable<CpioPart> {
  const input = new Input(chunks, what);
  try {
    for (let head = await readHead(input, what); head !== null; head = await readHead(input, what)) {
      yield { kind: 'head', head };
      for (let left = head.size; left > 0; ) {
        const bytes = await input.some(left);
        left -= bytes.length;
        yield { kind: 'content', bytes };
      }
    }
    for (let bytes = await input.rest(); bytes !== null; bytes = await input.rest()) {
      if (bytes.some((byte) => byte !== 0)) throw damaged(`Something stands behind the end of ${what}.`);
    }
  } finally {
    await input.close();
  }
}

/** null for the trailer. */
async function readHead(input: Input, what: string): Promise<CpioHead | null> {
  const text = Buffer.from(await input.exactly(HEAD_BYTES)).toString('latin1');
  if (!text.startsWith(MAGIC) || !/^[0-7]{76}$/.test(text))
    throw damaged(`An entry of ${what} is no cpio entry.`);
  const field = (at: number, width: number) => Number.parseInt(text.slice(at, at + width), 8);
  const nameBytes = field(59, 6);
  if (nameBytes < 2 || nameBytes > PATH_MAX_BYTES)
    throw damaged(`An entry of ${what} has no name, or too long a one.`);
  const name = decodeUtf8(await input.exactly(nameBytes));
  const size = field(65, 11);
  if (name === `${TRAILER}\0` && size === 0) return null;
  return {
    path: pathOf(name, what),
    mode: field(18, 6),
    uid: field(24, 6),
    gid: field(30, 6),
    time: field(48, 11),
    size,
  };
}

function pathOf(name: string | undefined, what: string): string {
  const archived = name?.slice(0, -1) ?? '';
  const path = archived === ROOT ? ROOT : archived.replace(/^\.\//, '');
  const leadsElsewhere = path
    .split('/')
    .some((part) => part === '' || part === '..' || (part === '.' && path !== ROOT));
  if (!name?.endsWith('\0') || /\p{Cc}/u.test(archived) || leadsElsewhere || archivePath(path) !== archived) {
    throw damaged(`An entry of ${what} has a path that is none of a package.`);
  }
  return path;
}

/** Bytes in the portions that are asked for. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #held: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>, what: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#what = what;
  }

  /** At least one byte, at most so many. */
  async some(most: number): Promise<Uint8Array> {
    if (this.#held.length === 0 && !(await this.#fill())) throw damaged(`${this.#what} ends too early.`);
    const bytes = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(bytes.length);
    return bytes;
  }

  /** Bytes of their own: a chunk is gone when the next one comes. */
  async exactly(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const part = await this.some(length - at);
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** What is left, piece by piece; null at the end. */
  async rest(): Promise<Uint8Array | null> {
    if (this.#held.length === 0 && !(await this.#fill())) return null;
    const bytes = this.#held;
    this.#held = new Uint8Array(0);
    return bytes;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #fill(): Promise<boolean> {
    while (this.#held.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#held = value;
    }
    return true;
  }
}
