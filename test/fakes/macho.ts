/** Executables of macOS in a few pages, signed as Apple's tools sign: digests of all pages, a team, no certificate. */
import { createHash } from 'node:crypto';
import type { Machine } from '../../src/installer/macho.ts';

const PAGE_BYTES = 4096;
const CPU: Readonly<Record<Machine, readonly [type: number, subtype: number]>> = {
  arm64: [0x0100000c, 0],
  x64: [0x01000007, 3],
};

export interface MachOPlan {
  readonly machine: Machine;
  /** 16 bits, 8 and 8, as in 0x0d0500 for 13.5. */
  readonly minMacos?: number;
  readonly teamId?: string;
  /** Bytes before the signature. */
  readonly size?: number;
  readonly signed?: boolean;
}

export function fakeMachO({
  machine,
  minMacos = 0x0d0500,
  teamId = 'TEAM123456',
  size = 3 * PAGE_BYTES + 100,
  signed = true,
}: MachOPlan): Buffer {
  const code = Buffer.alloc(size);
  for (let at = 0; at < size; at++) code[at] = (at * 31 + (at >> 8)) & 0xff;
  const build = words(0x32, 24, 1, minMacos, minMacos, 0);
  const pages = Math.ceil(size / PAGE_BYTES);
  const signatureBytes = 20 + 52 + 'node\0'.length + teamId.length + 1 + pages * 32;
  const commands = signed ? Buffer.concat([build, words(0x1d, 16, size, signatureBytes)]) : build;
  words(0xfeedfacf, ...CPU[machine], 2, signed ? 2 : 1, commands.length, 0, 0).copy(code);
  commands.copy(code, 32);
  return signed ? Buffer.concat([code, signatureOf(code, teamId)]) : code;
}

function signatureOf(code: Buffer, teamId: string): Buffer {
  const names = Buffer.from(`node\0${teamId}\0`);
  const digests: Buffer[] = [];
  for (let at = 0; at < code.length; at += PAGE_BYTES)
    digests.push(
      createHash('sha256')
        .update(code.subarray(at, at + PAGE_BYTES))
        .digest(),
    );
  const directory = Buffer.alloc(52 + names.length + digests.length * 32);
  const fields = [0xfade0c02, directory.length, 0x20200, 0x10000, 52 + names.length, 52, 0, digests.length];
  for (const [index, field] of [...fields, code.length].entries()) directory.writeUInt32BE(field, index * 4);
  directory.set([32, 2, 0, 12], 36);
  directory.writeUInt32BE(52 + 'node\0'.length, 48);
  Buffer.concat([names, ...digests]).copy(directory, 52);
  const head = Buffer.alloc(20);
  for (const [index, field] of [0xfade0cc0, 20 + directory.length, 1, 0, 20].entries())
    head.writeUInt32BE(field, index * 4);
  return Buffer.concat([head, directory]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}
