/** Small packages that are made to cost whoever reads them: each part within its bound, and all of them together not. */
import { describe, expect, it } from 'vitest';
import { Allowance, allowancesOf } from '../../src/installer/allowance.ts';
import { archiveSource, type Member } from '../../src/installer/archive.ts';
import { openArchive } from '../../src/installer/archive-reader.ts';
import { encodeBom } from '../../src/installer/bom.ts';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import { assemblePackage } from '../../src/installer/flat-package.ts';
import { inspectPackage } from '../../src/installer/inspect.ts';
import type { Layout } from '../../src/installer/layout.ts';
import {
  COMPONENTS_MAX,
  ENTRIES_MAX,
  MEMBERS_MAX,
  PATHS_MAX,
  SCRIPTS_MAX,
  TEXT_MAX_LENGTH,
  UNPACKED_FREE_BYTES,
  UNPACKED_MAX_BYTES,
  UNPACKED_MAX_RATIO,
} from '../../src/installer/reading-limits.ts';
import { ROOT } from '../../src/installer/tree.ts';
import { verifyPackage } from '../../src/installer/verify.ts';
import { forged, memberOf, withToc } from './forgery.ts';
import { bytesOf, EPOCH, serverPlan } from './plans.ts';

const plain = async () => bytesOf(await assemblePackage(await serverPlan()));

async function faultsOf(bytes: Buffer): Promise<string[]> {
  const faults: string[] = [];
  for await (const { what, result, sentence } of verifyPackage(sourceOfBytes(bytes), {
    roots: null,
    nowMs: 0,
  })) {
    if (result === 'fail') faults.push(`${what}: ${sentence}`);
  }
  return faults;
}

const inspected = (bytes: Buffer) => inspectPackage(sourceOfBytes(bytes));
const damaged = (message: string | RegExp) =>
  expect.objectContaining({
    code: 'package_damaged',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });

const INFO = Buffer.from('<pkg-info identifier="a" version="1"/>');
const BOM = encodeBom([{ type: 'directory', path: ROOT, mode: 0o755 }], 0);

const component = (name: string, bom: Uint8Array = BOM): Member => ({
  type: 'directory',
  name,
  mode: 0o755,
  members: [
    memberOf('PackageInfo', INFO, false),
    memberOf('Bom', Buffer.from(bom), false),
    memberOf('Payload', Buffer.alloc(0), true),
  ],
});

const archive = (members: readonly Member[]) =>
  bytesOf(archiveSource({ epoch: EPOCH, members, signer: null }));

describe('parts that lie over each other', () => {
  const overlapping = async () => withToc(await plain(), (xml) => xml.replace(/<offset>20</, '<offset>10<'));
  const sentence = 'Two parts of the archive lie over each other.';

  it('end its opening, for whoever opens it', async () => {
    const bytes = await overlapping();
    await expect(openArchive(sourceOfBytes(bytes))).rejects.toThrow(damaged(sentence));
    await expect(inspected(bytes)).rejects.toThrow(damaged(sentence));
  });

  it('end its verification, before anything else is read', async () => {
    expect(await faultsOf(await overlapping())).toEqual([`Archive: ${sentence}`]);
  });
});

describe('a package of many parts', () => {
  it('has no more components than any has', async () => {
    const of = (count: number) => archive(Array.from({ length: count }, (_, at) => component(`${at}.pkg`)));
    expect((await inspected(await of(COMPONENTS_MAX))).components).toHaveLength(COMPONENTS_MAX);
    await expect(inspected(await of(COMPONENTS_MAX + 1))).rejects.toThrow(
      damaged('The package has 17 components, and 16 are the most.'),
    );
  });

  it('has no more paths in all its Boms together than one may have', async () => {
    const layout: Layout = Array.from({ length: PATHS_MAX / 2 + 1 }, (_, at) => ({
      type: 'directory',
      path: at === 0 ? ROOT : `f${at}`,
      mode: 0o755,
    }));
    const bom = encodeBom(layout, 0);
    await expect(
      inspected(await archive([component('a.pkg', bom), component('b.pkg', bom)])),
    ).rejects.toThrow(damaged(`The package has more than ${PATHS_MAX} paths in its Boms.`));
  });

  it('has no more members than any has, however deep they lie', async () => {
    const folder = (name: string, members: readonly Member[]): Member => ({
      type: 'directory',
      name,
      mode: 0o755,
      members,
    });
    const folders = Array.from({ length: MEMBERS_MAX - 4 }, (_, at) => folder(`${at}`, []));
    const of = async (more: number) =>
      archive([component('a.pkg'), folder('b', folders.slice(0, folders.length - 1 + more))]);
    expect((await inspected(await of(0))).components).toHaveLength(1);
    await expect(inspected(await of(1))).rejects.toThrow(
      damaged(`The package has more than ${MEMBERS_MAX} files and folders in its archive.`),
    );
  });
});

describe('a member that grows when it is decompressed', () => {
  it('may grow with the file, from what any may up to what none may', () => {
    const spend = (fileBytes: number, bytes: number) => () => allowancesOf(fileBytes).unpacked.spend(bytes);
    for (const [fileBytes, most] of [
      [0, UNPACKED_FREE_BYTES],
      [1_000_000, UNPACKED_FREE_BYTES + UNPACKED_MAX_RATIO * 1_000_000],
      [UNPACKED_MAX_BYTES, UNPACKED_MAX_BYTES],
    ] as const) {
      expect(spend(fileBytes, most)).not.toThrow();
      expect(spend(fileBytes, most + 1)).toThrow(damaged(/bytes when it is decompressed\.$/));
    }
  });

  it('uses up what there is for all of them', () => {
    const allowance = new Allowance(10, 'things');
    allowance.spend(4);
    allowance.spend(6);
    expect(() => allowance.spend(1)).toThrow(damaged('The package has more than 10 things.'));
  });

  it('is read no further, whatever it is said to be', async () => {
    const bomb = memberOf('notes', Buffer.alloc(UNPACKED_FREE_BYTES + (16 << 20)), false);
    const [first, ...others] = await faultsOf(
      await archive([component('a.pkg'), { ...bomb, size: 999_999_999_999_999 }]),
    );
    expect(first).toMatch(/^a\.pkg\/Payload: .* is empty\.$/);
    expect(others).toEqual([expect.stringMatching(/^notes: The package has more than \d+ bytes when/)]);
  });

  it('has no more entries than the Boms have paths and some scripts', async () => {
    const entry = (name: string) =>
      `070707${'0'.repeat(53)}${(name.length + 1).toString(8).padStart(6, '0')}${'0'.repeat(11)}${name}\0`;
    const entries = Buffer.from(entry('./x').repeat(ENTRIES_MAX + 1) + entry('TRAILER!!!'));
    expect(await faultsOf(await forged(await plain(), { Scripts: () => entries }))).toEqual([
      `fleet-server.pkg/Scripts: The package has more than ${ENTRIES_MAX} entries in its Payloads and Scripts.`,
    ]);
  });
});

describe('a PackageInfo', () => {
  const withInfo = async (text: string) => forged(await plain(), { PackageInfo: () => Buffer.from(text) });

  it('names no more scripts than any does', async () => {
    const script = '<postinstall file="./postinstall"/>';
    const of = (count: number) =>
      withInfo(
        `<pkg-info identifier="com.fleet.server" version="0.1.0"><scripts>${script.repeat(count)}</scripts></pkg-info>`,
      );
    expect(await faultsOf(await of(SCRIPTS_MAX))).toEqual([]);
    expect(await faultsOf(await of(SCRIPTS_MAX + 1))).toEqual([
      'Manifests: fleet-server.pkg/PackageInfo names more than 64 scripts.',
    ]);
  });

  it('has no name that is a text', async () => {
    const name = 'a'.repeat(TEXT_MAX_LENGTH + 1);
    expect(await faultsOf(await withInfo(`<pkg-info identifier="${name}" version="1"/>`))).toEqual([
      'Manifests: fleet-server.pkg/PackageInfo has a name that is longer than 1024 characters.',
    ]);
  });
});
