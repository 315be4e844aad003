/** What npm packs of a Node for Macs, in small: a tarball, and the pin that it is released with. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Machine } from '../../src/installer/macho.ts';
import { sha256Of } from '../../src/program/digest.ts';
import type { RuntimePin } from '../../src/program/manifest.ts';
import { fakeMachO, type MachOPlan } from './macho.ts';

export interface FakeRuntime {
  readonly node: Buffer;
  readonly tarball: Buffer;
  readonly pin: RuntimePin;
}

export const LICENCE = 'As is.\n';

export function fakeRuntime(plan: MachOPlan): FakeRuntime {
  const node = fakeMachO(plan);
  const tarball = pack({
    'package/package.json': '{}',
    'package/bin/node': node,
    'package/LICENSE': LICENCE,
    'package/include/node.h': '//',
  });
  return { node, tarball, pin: pinOf(plan.machine, { node, tarball }) };
}

export function pinOf(machine: Machine, { node, tarball }: Omit<FakeRuntime, 'pin'>): RuntimePin {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const released = { node: sha256Of(node), licence: sha256Of(Buffer.from(LICENCE)) };
  return { package: `node-for-${machine}`, version: '1.2.3', integrity, ...released };
}

/** Gzip around tar, as npm does. */
export function pack(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => tarFile(name, Buffer.from(content)));
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export function tarFile(name: string, content: Buffer, type = '0'): Buffer[] {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(`        ${type}`, 148);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, content, Buffer.alloc(-content.length & 511)];
}
