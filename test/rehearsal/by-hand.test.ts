import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { it } from 'vitest';
import { MacsCluster } from './macs-cluster.ts';
import { makeRelease } from './release.ts';
import { installPackage } from './unpacked-package.ts';

it('waits', { timeout: 1_800_000 }, async () => {
  const folder = MacsCluster.makeFolder();
  const release = await makeRelease({ folder, node: 'real' });
  const cluster = await MacsCluster.start(folder, [release, release, release]);
  const mac = await cluster.mac('mac-07');
  const mac2 = await cluster.mac('mac-08');
  writeFileSync(
    '/tmp/byhand.json',
    JSON.stringify(
      {
        here: cluster.network.here,
        password: cluster.live.secrets.password,
        token: cluster.live.token,
        servers: cluster.servers.map(({ name, port, configPath }) => ({ name, port, configPath })),
        macs: [mac.at('/'), mac2.at('/')],
        launcher: release.launcher,
        env: release.env,
      },
      null,
      1,
    ),
  );
  const macs = [mac, mac2];
  while (!existsSync('/tmp/byhand.stop')) {
    await new Promise((r) => setTimeout(r, 300));
    if (!existsSync('/tmp/byhand.do')) continue;
    const { mac: at, pkg, run } = JSON.parse(readFileSync('/tmp/byhand.do', 'utf8'));
    rmSync('/tmp/byhand.do');
    const ended = pkg ? await installPackage(macs[at] as never, readFileSync(pkg)) : await macs[at]!.run(run);
    writeFileSync('/tmp/byhand.done', JSON.stringify(ended));
  }
  await cluster.stop();
});
