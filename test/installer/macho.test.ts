import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import {
  checkMachO,
  looksLikeMachO,
  machineOf,
  slicesOf,
  universalLayout,
} from '../../src/installer/macho.ts';
import { makeFolder } from '../fakes/folder.ts';
import { fakeMachO } from '../fakes/macho.ts';
import { runForeign } from '../scenario/foreign-program.ts';

const check = (bytes: Buffer) => checkMachO(sourceOfBytes(bytes));

function universal(): { bytes: Buffer; arm64: Buffer; x64: Buffer } {
  const slices = { arm64: fakeMachO({ machine: 'arm64' }), x64: fakeMachO({ machine: 'x64', size: 9000 }) };
  const layout = universalLayout({ arm64: slices.arm64.length, x64: slices.x64.length });
  const bytes = Buffer.concat(layout.flatMap(({ machine, before }) => [before, slices[machine]]));
  return { bytes, ...slices };
}

describe('an executable of macOS', () => {
  it.each(['arm64', 'x64'] as const)(
    'says for which Mac it is, from which macOS on and whose it is: %s',
    async (machine) => {
      expect(await check(fakeMachO({ machine }))).toEqual({
        machine,
        minMacos: '13.5',
        signature: { identifier: 'node', teamId: 'TEAM123456', pages: 4 },
      });
    },
  );

  it('names the third number of a macOS where it is not zero', async () => {
    expect((await check(fakeMachO({ machine: 'arm64', minMacos: 0x0d0501 }))).minMacos).toBe('13.5.1');
  });

  it('may be unsigned for Intel alone', async () => {
    expect((await check(fakeMachO({ machine: 'x64', signed: false }))).signature).toBeNull();
    await expect(check(fakeMachO({ machine: 'arm64', signed: false }))).rejects.toMatchObject({
      code: 'runtime_refused',
      message: 'This Node cannot be used: it is not signed, and Apple silicon starts nothing unsigned.',
    });
  });

  it('is refused when one bit of any page was changed', async () => {
    for (const at of [4095, 4096, 3 * 4096 + 99]) {
      const bytes = fakeMachO({ machine: 'arm64' });
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await expect(check(bytes)).rejects.toMatchObject({
        message: `This Node cannot be used: its bytes from ${Math.floor(at / 4096) * 4096} on are not those that were signed.`,
      });
    }
  });

  it('is refused when bytes follow its signature', async () => {
    const bytes = Buffer.concat([fakeMachO({ machine: 'arm64' }), Buffer.alloc(1)]);
    await expect(check(bytes)).rejects.toMatchObject({
      message: 'This Node cannot be used: its signature does not stand at its end.',
    });
  });

  it('is refused, and never read beyond its end, wherever it is cut off', async () => {
    const whole = fakeMachO({ machine: 'x64', size: 5000 });
    for (let length = 0; length < whole.length; length += 97)
      await expect(check(whole.subarray(0, length))).rejects.toMatchObject({ code: 'runtime_refused' });
  });

  it('is told from other files by its first bytes', async () => {
    expect(await looksLikeMachO(sourceOfBytes(fakeMachO({ machine: 'x64' })))).toBe(true);
    expect(await looksLikeMachO(sourceOfBytes(universal().bytes))).toBe(true);
    expect(await looksLikeMachO(sourceOfBytes(Buffer.from('\u007fELF')))).toBe(false);
    expect(await looksLikeMachO(sourceOfBytes(Buffer.alloc(0)))).toBe(false);
    await expect(check(Buffer.from('#!/bin/sh\n'.repeat(10)))).rejects.toMatchObject({
      message: 'This Node cannot be used: it is no executable of macOS.',
    });
  });
});

describe('one file for both kinds of Mac', () => {
  it('holds both byte for byte, each on a page of its own', async () => {
    const { bytes, arm64, x64 } = universal();
    const slices = await slicesOf(sourceOfBytes(bytes));
    expect(await Promise.all(slices.map(machineOf))).toEqual(['x64', 'arm64']);
    const [first, second] = await Promise.all(slices.map((slice) => slice.slice(0, slice.size)));
    expect(Buffer.from(first ?? [])).toEqual(x64);
    expect(Buffer.from(second ?? [])).toEqual(arm64);
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(36)]).toEqual([4096, 16_384]);
    for (const slice of slices) expect((await checkMachO(slice)).signature?.pages).toBeGreaterThan(2);
  });

  it('reads as such to 7-Zip', async () => {
    const path = join(await makeFolder(), 'node');
    await writeFile(path, universal().bytes);
    const { stdout } = (await runForeign('7zz', 'l', path)) ?? { stdout: '' };
    expect(stdout).toContain('Type = Mub');
    expect(stdout).toMatch(/node~\.x64[\s\S]*node~\.arm64/);
  });

  it('is refused when it names a part that it does not hold', async () => {
    const { bytes } = universal();
    await expect(slicesOf(sourceOfBytes(bytes.subarray(0, bytes.length - 1)))).rejects.toMatchObject({
      message: 'This Node cannot be used: it ends too early.',
    });
    bytes.writeUInt32BE(9, 4);
    await expect(slicesOf(sourceOfBytes(bytes))).rejects.toMatchObject({ code: 'runtime_refused' });
  });
});
