/** Plans of small packages, and what becomes of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ByteSource, sourceOfBytes } from '../../src/installer/byte-source.ts';
import { assemblePackage, type PackagePlan } from '../../src/installer/flat-package.ts';
import type { Entry, Tree } from '../../src/installer/tree.ts';
import { FakeProgram } from '../fakes/program.ts';
import { makeSegment } from '../fakes/segment.ts';

export const EPOCH = 1_700_000_000;

export const file = (path: string, text: string, mode = 0o644): Entry => ({
  type: 'file',
  path,
  mode,
  content: [Buffer.from(text)],
});

/** Both kinds of content, each kind of entry, and a file of several prepared parts. */
export async function serverPlan(change: Partial<PackagePlan> = {}): Promise<PackagePlan> {
  const program = await new FakeProgram().files('server', 'universal');
  const payload: Tree = [
    ...program.map(({ path, mode, content }) => ({
      type: 'file' as const,
      path: `Library/FleetServer/${path}`,
      mode,
      content,
    })),
    file('Library/FleetServer/config.yaml', 'cluster:\n  enabled: true\n', 0o600),
    file('Library/FleetServer/empty', ''),
    file('Library/FleetServer/Grüße an Ω', 'UTF-8'),
    file('Library/LaunchDaemons/com.fleet.server.plist', '<plist/>'),
    file('private/etc/newsyslog.d/com.fleet.server.conf', '# rotated\n'),
    { type: 'symlink', path: 'Library/FleetServer/current', target: 'bin/node' },
  ];
  const scripts = [
    file('preinstall', '#!/bin/sh\nexit 0\n', 0o755),
    file('postinstall', '#!/bin/sh\nexit 0\n', 0o755),
  ];
  const base = { identifier: 'com.fleet.server', version: '0.1.0', title: 'Fleet Server', minMacos: '13.5' };
  return { ...base, architecture: 'universal', epoch: EPOCH, payload, scripts, signer: null, ...change };
}

/** The path of the package, in this folder. */
export async function build(folder: string, plan: PackagePlan, name = 'product.pkg'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, await bytesOf(await assemblePackage(plan)));
  return path;
}

export async function bytesOf(source: ByteSource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source.read()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export const segmentOf = (bytes: Uint8Array) => makeSegment(sourceOfBytes(bytes));
