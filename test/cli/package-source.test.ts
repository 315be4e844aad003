/** A package that is read more than once is one file for as long as that takes, whoever may write beside it. */
import { appendFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type PackageFile, withPackageFile } from '../../src/cli/package-file/source.ts';
import { makeFolder } from '../fakes/folder.ts';
import { run } from '../installer/foreign.ts';

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

async function makePackage(): Promise<string> {
  const path = join(await makeFolder(), 'a.pkg');
  writeFileSync(path, 'as it was verified');
  utimesSync(path, LONG_AGO, LONG_AGO);
  return path;
}

async function textOf(file: PackageFile): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of file.read()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

const CHANGED = expect.objectContaining({
  code: 'source_changed',
  message: expect.stringMatching(/a\.pkg was changed or replaced while it was read/),
});

it('is read twice, in whole and in part, when nobody touches it', async () => {
  await withPackageFile(await makePackage(), async (file) => {
    expect([await textOf(file), await textOf(file)]).toEqual(['as it was verified', 'as it was verified']);
    expect(Buffer.from(await file.slice(3, 2)).toString()).toBe('it');
    await file.requireUnchanged();
  });
});

it('stays what it is when another file takes its name, and that is told', async () => {
  const path = await makePackage();
  await withPackageFile(path, async (file) => {
    expect(await textOf(file)).toBe('as it was verified');
    writeFileSync(`${path}.other`, 'as it was replaced');
    renameSync(`${path}.other`, path);
    expect(await textOf(file)).toBe('as it was verified');
    expect(Buffer.from(await file.slice(0, 5)).toString()).toBe('as it');
    await expect(file.requireUnchanged()).rejects.toThrow(CHANGED);
  });
});

it.each<[string, (path: string) => void]>([
  ['other bytes', (path) => writeFileSync(path, 'as it was forged..')],
  ['more bytes', (path) => appendFileSync(path, '.')],
  ['fewer bytes', (path) => writeFileSync(path, '')],
  [
    'other bytes, and its old time',
    (path) => {
      const { ctimeNs } = statSync(path, { bigint: true });
      while (statSync(path, { bigint: true }).ctimeNs === ctimeNs) {
        writeFileSync(path, 'as it was forged..');
        utimesSync(path, LONG_AGO, LONG_AGO);
      }
    },
  ],
])('is not believed when it gets %s', async (_, change) => {
  const path = await makePackage();
  await withPackageFile(path, async (file) => {
    change(path);
    await expect(file.requireUnchanged()).rejects.toThrow(CHANGED);
  });
});

it('is refused where it is a pipe, without waiting for who writes into it', async () => {
  const path = join(await makeFolder(), 'a.pkg');
  run('mkfifo', [path]);
  await expect(withPackageFile(path, textOf)).rejects.toThrow(
    expect.objectContaining({ code: 'package_unreadable', message: `${path}: it is not a file` }),
  );
});
