/**
 * Looks for secrets in a folder, however they may be spelt: as they are, in base64 of both alphabets at any place of a
 * longer text, in hex, in JSON and in an address.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBase64 } from '../../src/base/bytes.ts';

/** By name. */
export type Secrets = Readonly<Record<string, string>>;

interface Needle {
  readonly what: string;
  readonly bytes: Buffer;
}

/** Each hit as `name in spelling: where`. Also the names of files and folders are looked at. */
export function findSecrets(secrets: Secrets, folder: string): string[] {
  const search = new Search(
    Object.entries(secrets).flatMap(([name, text]) =>
      spellings(text).map(([how, bytes]) => ({ what: `${name} in ${how}`, bytes })),
    ),
  );
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    const found = search.in(Buffer.from(entry.name));
    if (entry.isFile()) for (const what of search.in(readFileSync(path))) found.add(what);
    return [...found].map((what) => `${what}: ${path.slice(folder.length + 1)}`);
  });
}

/** For all needles at once, by their first two bytes: Node alone has 120 MB, and there are some hundred needles. */
class Search {
  readonly #byStart = new Map<number, Needle[]>();
  readonly #isStart = new Uint8Array(65_536);

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      const start = needle.bytes.readUInt16BE();
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), needle]);
      this.#isStart[start] = 1;
    }
  }

  in(hay: Buffer): Set<string> {
    const found = new Set<string>();
    const isStart = this.#isStart;
    for (let at = 1, pair = hay[0] ?? 0; at < hay.length; at += 1) {
      pair = ((pair & 0xff) << 8) | (hay[at] ?? 0);
      if (isStart[pair] === 0) continue;
      for (const { what, bytes } of this.#byStart.get(pair) ?? [])
        if (bytes.equals(hay.subarray(at - 1, at - 1 + bytes.length))) found.add(what);
    }
    return found;
  }
}

/** Those that were found, whatever their spelling. */
export function namesFound(hits: readonly string[]): string[] {
  return [...new Set(hits.map((hit) => hit.split(' in ')[0] ?? ''))].sort();
}

function spellings(text: string): [string, Buffer][] {
  const plain = Buffer.from(text);
  const decoded = decodeBase64(text);
  const contents = [plain, ...(decoded === undefined ? [] : [Buffer.from(decoded)])];
  const spelt: [string, Buffer][] = [
    ['JSON', Buffer.from(JSON.stringify(text).slice(1, -1))],
    ['an address', Buffer.from(encodeURIComponent(text))],
    ...contents.flatMap((bytes): [string, Buffer][] => [
      ['raw', bytes],
      ['hex', Buffer.from(bytes.toString('hex'))],
      ['capital hex', Buffer.from(bytes.toString('hex').toUpperCase())],
      ...[0, 1, 2].flatMap((shift): [string, Buffer][] => [
        ['base64', Buffer.from(inBase64(bytes, shift, 'base64'))],
        ['base64url', Buffer.from(inBase64(bytes, shift, 'base64url'))],
      ]),
    ]),
  ];
  const unlike = new Map(spelt.map(([how, bytes]) => [bytes.toString('latin1'), [how, bytes] as const]));
  return [...unlike.values()].map(([how, bytes]) => [how, bytes]);
}

/** What of it depends on nothing that stands before and after, when `shift` bytes of a group of three stand before. */
function inBase64(bytes: Buffer, shift: number, alphabet: 'base64' | 'base64url'): string {
  const skipped = shift === 0 ? 0 : 3 - shift;
  const whole = bytes.subarray(skipped);
  return whole.subarray(0, whole.length - (whole.length % 3)).toString(alphabet);
}
