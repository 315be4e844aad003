/**
 * A cluster of Macs is brought to the next version by its package, one Mac after the other, while machines report: no
 * report that was acknowledged is lost, and servers of both versions are one cluster all the while.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { eventually } from '../scenario/eventually.ts';
import { ReportCrowd } from '../scenario/report-crowd.ts';
import { ReportLedger } from '../scenario/report-ledger.ts';
import { type InstalledServer, MacsCluster } from './macs-cluster.ts';
import { BEGIN_MS, rehearse } from './rehearse.ts';
import { makeRelease, type Release } from './release.ts';
import { installPackage } from './unpacked-package.ts';

const ROOT = '/Library/FleetServer';
const FORMER = '0.0.9';
const MACS = ['mac-07', 'mac-08', 'mac-09'];
const SENDERS = 4;
/** Milliseconds. */
const SOON = 120_000;

let cluster: MacsCluster;
let former: Release;
let next: Release;
let ledger: ReportLedger;

async function begin(): Promise<void> {
  const folder = MacsCluster.makeFolder();
  former = await makeRelease({ folder, node: 'stand-in', version: FORMER });
  next = await makeRelease({ folder, node: 'stand-in' });
  cluster = await MacsCluster.start(folder, [former, next]);
  ledger = new ReportLedger(new Secret(Buffer.from(cluster.live.secrets.encryptionKey, 'base64')));
}

/** By a server of each version: it packs its own. */
async function builtByEach(): Promise<{ readonly before: Buffer; readonly after: Buffer }> {
  const [before, after] = await Promise.all(
    cluster.servers.map(async (server) => {
      const administrator = await cluster.administratorAt(server);
      return (await administrator.build('build-cluster-package', {})).bytes;
    }),
  );
  if (before === undefined || after === undefined) throw new Error('there is no server of each version');
  return { before, after };
}

async function installed(name: string, bytes: Buffer): Promise<InstalledServer> {
  const mac = await cluster.mac(name);
  expect(await installPackage(mac, bytes)).toMatchObject({ code: 0 });
  return cluster.installedOn(mac);
}

/** As each server tells it of each on its page. */
async function expectVersions(macs: readonly InstalledServer[], upgraded: number): Promise<void> {
  const versions = {
    'server-01': FORMER,
    'server-02': next.version,
    ...Object.fromEntries(macs.map(({ nodeId }, at) => [nodeId, at < upgraded ? next.version : FORMER])),
  };
  for (const { client } of [...cluster.servers, ...macs]) {
    const nodes = await client.nodes();
    expect(Object.fromEntries(nodes.map(({ node_id, version }) => [node_id, version]))).toEqual(versions);
  }
}

async function reportsFlow(): Promise<void> {
  const before = ledger.acknowledged.size;
  await eventually('reports are taken', SOON, () => ledger.acknowledged.size > before + 3 * SENDERS);
}

const ownOf = ({ mac }: InstalledServer) =>
  ['config.yaml', 'data/identity.json'].map((name) => mac.read(`${ROOT}/${name}`));
const logs = (macs: readonly InstalledServer[]) => [
  ...cluster.servers.map(({ process }) => process.log()),
  ...macs.map(({ mac }) => mac.read('/var/log/fleet-server.log')),
];

async function stored(): Promise<{ readonly nonces: ReadonlySet<string>; readonly reports: number }> {
  const rows = await cluster.shared.query<{ nonce: string }>(
    "select encode(nonce, 'hex') as nonce from nonces",
  );
  const [counted] = await cluster.shared.query<{ count: string }>('select count(*) from reports');
  return { nonces: new Set(rows.map(({ nonce }) => nonce)), reports: Number(counted?.count) };
}

rehearse('a rolling upgrade', () => {
  beforeAll(begin, BEGIN_MS);
  afterAll(async () => {
    await ledger?.close();
    await cluster?.stop();
  });

  it('by package loses no report and no member, and nobody doubts or misses a server of the other version', async () => {
    const { before, after } = await builtByEach();
    const macs = await Promise.all(MACS.map((name) => installed(name, before)));
    await cluster.settled(macs);
    await expectVersions(macs, 0);
    const { apiKey } = cluster.live.secrets;
    const key = new Secret(Buffer.from(cluster.live.secrets.encryptionKey, 'base64'));
    const urls = await Promise.all(macs.map(({ url }) => ledger.doorTo(url)));
    const crowd = new ReportCrowd({ urls, senders: SENDERS, apiKey, key });
    for (const [at, server] of macs.entries()) {
      const own = ownOf(server);
      await reportsFlow();
      expect(await installPackage(server.mac, after)).toMatchObject({ code: 0 });
      await cluster.settled(macs);
      await expectVersions(macs, at + 1);
      expect(ownOf(server)).toEqual(own);
      expect(server.mac.read(`${ROOT}/VERSION`)).toBe(`${next.version}\n`);
    }
    await reportsFlow();
    await crowd.stop();

    const { nonces, reports } = await stored();
    expect([...ledger.acknowledged.keys()].filter((nonce) => !nonces.has(nonce))).toEqual([]);
    expect(reports).toBe(nonces.size);
    expect(ledger.cut).toBeGreaterThan(0);
    for (const log of logs(macs)) expect(log).not.toMatch(/Node \S+ is offline|Rejecting node/);
    for (const { client } of [...cluster.servers, ...macs])
      expect((await client.health()).refusals).toEqual([]);
  });
});
