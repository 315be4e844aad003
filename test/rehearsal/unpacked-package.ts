/** A package taken apart by programs that are not ours: bsdtar, gunzip, cpio. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { run } from '../installer/foreign.ts';
import type { Ended, MacStand } from '../mac/mac-stand.ts';
import { SANDBOX } from '../mac/mac-stand.ts';
import { NATIVE_HERE } from './release.ts';

/** Of the header of a xar archive: where the lengths of header and table of contents stand. */
const HEADER = { size: 4, compressed: 8 } as const;

/**
 * The whole of it as plain files: `archive/` (its members), `payload/`, `scripts/`, and `toc.xml`. `folder`: an empty
 * one.
 */
export function unpack(bytes: Buffer, folder: string): void {
  for (const name of ['archive', 'payload', 'scripts']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'package.pkg'), bytes);
  run('/bin/sh', ['-ec', UNPACK], { folder });
  const start = bytes.readUInt16BE(HEADER.size);
  const length = Number(bytes.readBigUInt64BE(HEADER.compressed));
  writeFileSync(join(folder, 'toc.xml'), inflateSync(bytes.subarray(start, start + length)));
}

const UNPACK = `bsdtar -xf package.pkg -C archive && rm package.pkg
gunzip -c archive/*.pkg/Payload >payload.cpio && rm archive/*.pkg/Payload
gunzip -c archive/*.pkg/Scripts >scripts.cpio && rm archive/*.pkg/Scripts
cd payload && cpio -idm --quiet <../payload.cpio && rm ../payload.cpio
cd ../scripts && cpio -idm --quiet <../scripts.cpio && rm ../scripts.cpio`;

const DOWNLOAD = '/private/tmp/download';

/**
 * As the Installer does: preinstall, payload, postinstall, all out of this file. The Node for Macs, and the add-on where
 * there is one, give way to this machine's; nothing else.
 */
export async function installPackage(mac: MacStand, bytes: Buffer): Promise<Ended> {
  mac.write(`${DOWNLOAD}/Some Package.pkg`, bytes);
  await must(
    mac,
    `rm -rf ${SANDBOX} && mkdir -m 0700 ${SANDBOX} && cd ${DOWNLOAD}
    bsdtar -xf 'Some Package.pkg' && mv *.pkg/PackageInfo . && cd ${SANDBOX}
    gunzip -c ${DOWNLOAD}/fleet-*.pkg/Scripts | cpio -idm --quiet`,
  );
  const before = await mac.script('preinstall');
  if (before.code !== 0) return before;
  await must(mac, `cd / && gunzip -c ${DOWNLOAD}/fleet-*.pkg/Payload | cpio -idmu --quiet`);
  const identifier = /identifier="([^"]+)"/.exec(mac.read(`${DOWNLOAD}/PackageInfo`))?.[1] ?? '';
  putNativeHere(mac, identifier === 'com.fleet.agent' ? '/Library/FleetAgent' : '/Library/FleetServer');
  mac.remove(DOWNLOAD);
  mac.write(`/var/db/receipts/${identifier}`, '');
  const after = await mac.script('postinstall');
  return { code: after.code, said: before.said + after.said };
}

function putNativeHere(mac: MacStand, root: string): void {
  mac.linkLocalNode(`${root}/bin/node`);
  const { path, bytes } = NATIVE_HERE;
  if (mac.has(join(root, path, '..'))) mac.write(join(root, path), bytes);
}

async function must(mac: MacStand, script: string): Promise<void> {
  const { code, said } = await mac.shell(script);
  if (code !== 0) throw new Error(`the package cannot be unpacked: ${said}`);
}

export function readUnpacked(folder: string, path: string): string {
  return readFileSync(join(folder, 'payload', path), 'utf8');
}
