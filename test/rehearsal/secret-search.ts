/**
 * Looks for secrets in a folder, however they may be spelt: as they are, in base64 of both alphabets at any place of a
 * longer text, in hex, in JSON and in an address.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBase64 } from '../../src/base/bytes.ts';

/** By name. */
export type Secrets = Readonly<Record<string, string>>;

/** Each hit as `name, how, where`. Also the names of files and folders are looked at. */
export function findSecrets(secrets: Secrets, folder: string): string[] {
  const needles = Object.entries(secrets).flatMap(([name, text]) =>
    spellings(text).map(([how, bytes]) => ({ what: `${name} in ${how}`, bytes })),
  );
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    const content = entry.isFile() ? readFileSync(path) : Buffer.alloc(0);
    const hay = Buffer.concat([Buffer.from(`${entry.name}\n`), content]);
    return needles
      .filter(({ bytes }) => hay.includes(bytes))
      .map(({ what }) => `${what}: ${path.slice(folder.length + 1)}`);
  });
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
