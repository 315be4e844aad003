/**
 * Reads a tarball of npm, as much of tar (POSIX ustar) as those use: plain files with short names. All else in it is
 * passed over; nothing is ever written by a name that stands inside.
 */
import { AtlasError } from '../base/errors.ts';

const BLOCK_BYTES = 512;
/** Bytes. Arbitrary: Node has 147 MB. */
const FILE_MAX_BYTES = 536_870_912;
/** Where a header says what (offset, length), and what marks a plain file. */
const FIELDS = { name: [0, 100], size: [124, 12], checksum: [148, 8], prefix: [345, 155] } as const;
const TYPE_AT = 156;
const PLAIN_FILE = 0x30;
const SPACE = 0x20;

export interface TarFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** To be read whole or not at all, before the next file is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Its plain files in order. Rejects with runtime_refused where it is no such archive. */
export async function* filesOfTar(tar: AsyncIterable<Uint8Array>): AsyncIterable<TarFile> {
  const reader = new Reader(tar);
  for (;;) {
    const header = await reader.block();
    if (header === undefined || header.every((byte) => byte === 0)) return;
    checkHeader(header);
    const size = numberIn(header, 'size');
    if (size > FILE_MAX_BYTES) throw refused('a file in it is too large');
    const content = reader.part(size);
    if (header[TYPE_AT] === PLAIN_FILE) yield { name: nameIn(header), size, content };
    for await (const _ of content); // what nobody read
    for await (const _ of reader.part(-size & (BLOCK_BYTES - 1)));
  }
}

/** Hands out the stream in pieces of the asked length. */
class Reader {
  readonly #stream: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#stream = stream[Symbol.asyncIterator]();
  }

  /** Undefined at the end. */
  async block(): Promise<Buffer | undefined> {
    if (this.#rest.length === 0 && !(await this.#more())) return undefined;
    const pieces: Uint8Array[] = [];
    for await (const piece of this.part(BLOCK_BYTES)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async *part(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#more())) throw refused('it ends too early');
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#stream.next();
    if (done === true) return false;
    this.#rest = value;
    return value.length > 0 || this.#more();
  }
}

/** The sum of its bytes, those of the sum itself counted as spaces. */
function checkHeader(header: Buffer): void {
  const [at, length] = FIELDS.checksum;
  const plain = Buffer.from(header).fill(SPACE, at, at + length);
  const sum = plain.reduce((total, byte) => total + byte, 0);
  if (sum !== numberIn(header, 'checksum')) throw refused('a header in it is damaged');
}

function nameIn(header: Buffer): string {
  return [textIn(header, 'prefix'), textIn(header, 'name')].filter((part) => part !== '').join('/');
}

function numberIn(header: Buffer, field: keyof typeof FIELDS): number {
  const text = textIn(header, field).trim();
  if (!/^[0-7]{1,12}$/.test(text)) throw refused('a header in it is damaged');
  return Number.parseInt(text, 8);
}

function textIn(header: Buffer, field: keyof typeof FIELDS): string {
  const [at, length] = FIELDS[field];
  const bytes = header.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end === -1 ? length : end);
}

function refused(why: string): AtlasError {
  return new AtlasError('runtime_refused', `This archive of Node cannot be read: ${why}.`, {
    hint: 'Fetch it again: atlas-fleet runtime fetch',
  });
}
