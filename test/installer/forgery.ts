/** Packages that lie: one that was built, with a part of it changed and every checksum made right again around it. */
import { createHash } from 'node:crypto';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { archiveSource, type FileMember, type Member } from '../../src/installer/archive.ts';
import { contentOfMember, openArchive } from '../../src/installer/archive-reader.ts';
import { readBom } from '../../src/installer/bom-reader.ts';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import type { ReadMember } from '../../src/installer/toc-reader.ts';
import { bytesOf, EPOCH } from './plans.ts';

export type Change = (content: Buffer) => Buffer;

/** By the member's name: `Payload` and `Scripts` are changed as they are decompressed, `…, packed` as they lie there. */
export type Changes = Readonly<Record<string, Change>>;

export async function forged(bytes: Buffer, changes: Changes): Promise<Buffer> {
  const archive = await openArchive(sourceOfBytes(bytes));
  const copy = async (member: ReadMember): Promise<Member> => {
    const { path, mode } = member;
    const name = path.split('/').at(-1) ?? '';
    if (member.type === 'directory') {
      return { type: 'directory', name, mode, members: await Promise.all(member.members.map(copy)) };
    }
    const content: Buffer[] = [];
    for await (const chunk of contentOfMember(archive, member)) content.push(Buffer.from(chunk));
    const isPacked = name === 'Payload' || name === 'Scripts';
    return memberOf(name, changed(Buffer.concat(content), changes, name), isPacked);
  };
  const members = await Promise.all(archive.toc.members.map(copy));
  return bytesOf(archiveSource({ epoch: EPOCH, members, signer: null }));
}

function changed(content: Buffer, changes: Changes, name: string): Buffer {
  const inside = changes[name];
  const outside = changes[`${name}, packed`] ?? ((same: Buffer) => same);
  if (inside === undefined) return outside(content);
  const isGzip = content[0] === 0x1f;
  return outside(isGzip ? gzipSync(inside(gunzipSync(content))) : inside(content));
}

export function memberOf(name: string, content: Buffer, isStored: boolean): FileMember {
  const stored = isStored ? content : deflateSync(content);
  const sum = (of: Buffer) =>
    ({ style: 'sha1', digest: createHash('sha1').update(of).digest('hex') }) as const;
  return {
    type: 'file',
    name,
    mode: 0o644,
    encoding: isStored ? 'stored' : 'zlib',
    stored: sourceOfBytes(stored),
    size: content.length,
    archived: sum(stored),
    extracted: sum(content),
  };
}

const HEADER_BYTES = 28;

/** With another text of the table of contents, under a checksum that is right. */
export function withToc(bytes: Buffer, change: (xml: string) => string): Buffer {
  const stored = Number(bytes.readBigUInt64BE(8));
  const xml = Buffer.from(
    change(inflateSync(bytes.subarray(HEADER_BYTES, HEADER_BYTES + stored)).toString()),
  );
  const toc = deflateSync(xml);
  const head = Buffer.from(bytes.subarray(0, HEADER_BYTES));
  head.writeBigUInt64BE(BigInt(toc.length), 8);
  head.writeBigUInt64BE(BigInt(xml.length), 16);
  const heap = Buffer.from(bytes.subarray(HEADER_BYTES + stored));
  createHash('sha1').update(toc).digest().copy(heap);
  return Buffer.concat([head, toc, heap]);
}

/** In place of all occurrences; the texts are of one length, so that nothing moves. */
export const replacing =
  (found: string, put: string): Change =>
  (content) => {
    if (found.length !== put.length || !content.includes(found)) throw new Error(`${found} is not there`);
    return Buffer.from(content.toString('latin1').replaceAll(found, put), 'latin1');
  };

export const appending =
  (bytes: Uint8Array): Change =>
  (content) =>
    Buffer.concat([content, bytes]);

/** Changes the record of a path in a Bom: `at` is the offset in PathInfo2. */
export const inBom =
  (path: string, at: number, value: number): Change =>
  (bom) => {
    const listed = readBom(bom).find((entry) => entry.path === path);
    if (listed === undefined) throw new Error(`${path} is not listed`);
    const record = Buffer.alloc(27);
    record.writeUInt16BE(listed.mode, 4);
    record.writeUInt32BE(listed.time, 14);
    record.writeUInt32BE(listed.size, 18);
    record.writeUInt8(1, 22);
    record.writeUInt32BE(listed.cksum, 23);
    const found = bom.indexOf(record.subarray(4, 27));
    const copy = Buffer.from(bom);
    copy.writeUInt8(value, found - 4 + at);
    return copy;
  };

/** Changes four bytes of a block. */
export const inBlock =
  (block: number, at: number, value: number): Change =>
  (bom) => {
    const copy = Buffer.from(bom);
    const table = copy.readUInt32BE(16);
    copy.writeUInt32BE(value, copy.readUInt32BE(table + 4 + 8 * block) + at);
    return copy;
  };
