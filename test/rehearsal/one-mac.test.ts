/**
 * The two packages that make a Mac of its own: a standalone server, whose secrets nobody but that Mac ever had, and an
 * agent, which reports to the server that built it. From the order to what they do, on a Mac made of this machine.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MacNetwork } from '../mac/mac-network.ts';
import { MacStand } from '../mac/mac-stand.ts';
import { eventually } from '../scenario/eventually.ts';
import { LiveCluster, type LiveServer, USER } from '../scenario/live-cluster.ts';
import { Administrator } from './administrator.ts';
import { MacsCluster } from './macs-cluster.ts';
import { fetchOwnTls } from './own-tls.ts';
import { BEGIN_MS, rehearse } from './rehearse.ts';
import { makeRelease } from './release.ts';
import { findSecrets } from './secret-search.ts';
import { installPackage, unpack } from './unpacked-package.ts';

const SERVER = '/Library/FleetServer';
const AGENT = '/Library/FleetAgent';
const LABEL = 'com.fleet.server';
const PORT = 8443;
const PASSWORD = 'of the administrator of one Mac';
/** Milliseconds. */
const SOON = 120_000;

let folder: string;
let network: MacNetwork;
let live: LiveCluster;
let administrator: Administrator;

async function begin(): Promise<void> {
  folder = MacsCluster.makeFolder();
  network = await MacNetwork.start();
  const { launcher, env } = await makeRelease({ folder, node: 'stand-in' });
  const values = { 'server.host': network.here, 'server.tls': 'own' } as const;
  live = await LiveCluster.start({ servers: 1, values, each: [{ launcher, env }] });
  administrator = await Administrator.logIn(address(), USER, live.secrets.password);
}

async function end(): Promise<void> {
  await live?.stop();
  await network?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true });
}

const first = () => live.servers[0] as LiveServer;
const address = () => `https://${network.here}:${first().port}`;

async function macWith(bytes: Buffer): Promise<MacStand> {
  const mac = await MacStand.start(network);
  mac.launchd({ really: true });
  const { code, said } = await installPackage(mac, bytes);
  expect({ code, said }).toMatchObject({ code: 0 });
  return mac;
}

async function restart(mac: MacStand): Promise<void> {
  await mac.run(['/bin/launchctl', 'bootout', `system/${LABEL}`]);
  await eventually('it has ended', SOON, async () => {
    return (await mac.run(['/bin/launchctl', 'print', `system/${LABEL}`])).code !== 0;
  });
  const plist = `/Library/LaunchDaemons/${LABEL}.plist`;
  expect(await mac.run(['/bin/launchctl', 'bootstrap', 'system', plist])).toMatchObject({ code: 0 });
}

/** Base64, of the key that the server shows. */
async function pinOf({ port }: LiveServer): Promise<string> {
  const socket = connect({ host: network.here, port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { publicKey } = socket.getPeerX509Certificate() as X509Certificate;
  socket.destroy();
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

rehearse('a package', () => {
  beforeAll(begin, BEGIN_MS);
  afterAll(end);

  it('of a standalone server holds no secret; they are made on the Mac, and whoever has its code becomes its administrator', async () => {
    const { bytes } = await administrator.build('build-standalone-package', {
      architecture: 'x64',
      port: PORT,
    });
    const mac = await macWith(bytes);
    const url = `https://${mac.address}:${PORT}`;
    await eventually('the page of the first run answers', SOON, async () => {
      return (await fetchOwnTls(`${url}/setup`)).ok;
    });
    const { said } = await mac.run([`${SERVER}/bin/atlas-fleet`, 'user', 'setup-code']);
    const code = /^[A-Z0-9]{4}-[A-Z0-9]{2}$/m.exec(said)?.[0] ?? said;
    await Administrator.setUp(url, { code, username: USER, password: PASSWORD });

    const config = mac.read(`${SERVER}/config.yaml`);
    const { server, cluster } = parse(config);
    const secrets = {
      api_key: server.api_key,
      encryption_key: server.encryption_key,
      db_encryption_key: server.db_encryption_key,
      cluster_secret: cluster.cluster_secret,
    };
    expect(Object.values(secrets)).toEqual(Array(4).fill(expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/)));
    const unpacked = join(folder, 'standalone');
    mkdirSync(unpacked);
    unpack(bytes, unpacked);
    expect(findSecrets({ ...secrets, ...secretsOf(live) }, unpacked)).toEqual([]);

    const identity = mac.read(`${SERVER}/data/identity.json`);
    await restart(mac);
    await eventually('the administrator comes in again', SOON, async () => {
      await Administrator.logIn(url, USER, PASSWORD);
      return true;
    });
    expect([mac.read(`${SERVER}/config.yaml`), mac.read(`${SERVER}/data/identity.json`)]).toEqual([
      config,
      identity,
    ]);
  });

  it('of an agent names the server that built it and its key, and there the first report arrives', async () => {
    const { bytes } = await administrator.build('build-agent-package', { interval_seconds: 1 });
    const mac = await macWith(bytes);
    const { agent } = parse(mac.read(`${AGENT}/config.yaml`));
    expect(agent.servers).toEqual([address()]);
    expect(agent.pins.map((pin: string) => pin.replace('sha256/', ''))).toEqual([await pinOf(first())]);
    await eventually('its first report is there', SOON, async () => {
      const { items } = await first().client.get<{ items: object[] }>('/api/fleet/machines');
      return items.length === 1;
    });
  });
});

function secretsOf({ secrets }: LiveCluster): Record<string, string> {
  return {
    'api_key of the builder': secrets.apiKey,
    'encryption_key of the builder': secrets.encryptionKey,
    'db_encryption_key of the builder': secrets.dbEncryptionKey,
    'cluster_secret of the builder': secrets.clusterSecret,
  };
}
