/**
 * A cluster node by its package, from the order to the Cluster Health Monitor: ordered over HTTP at a live cluster on
 * real Redis and PostgreSQL, taken apart by programs that are not ours, installed by its own scripts on a Mac that is
 * made of this machine, and run there.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { PACKAGE_MARK } from '../../src/installer/package-mark.ts';
import { NONCE_BYTES, sealReport } from '../../src/protocol/report-envelope.ts';
import {
  NODE_PACKAGE,
  orderPackage,
  packageReady,
  SOON,
  takePackage,
  visitBuilder,
} from '../browser/builder-page.ts';
import { Visits } from '../browser/visits.ts';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { makeReport } from '../fakes/report.ts';
import type { MacStand } from '../mac/mac-stand.ts';
import { type LiveServer, USER } from '../scenario/live-cluster.ts';
import type { Administrator } from './administrator.ts';
import { type InstalledServer, MacsCluster } from './macs-cluster.ts';
import { BEGIN_MS, rehearse } from './rehearse.ts';
import { makeRelease } from './release.ts';
import { findSecrets, namesFound } from './secret-search.ts';
import { installPackage, readUnpacked, unpack } from './unpacked-package.ts';

const ROOT = '/Library/FleetServer';
const CONFIG = `${ROOT}/config.yaml`;
const ROUTE = 'build-cluster-package';

let cluster: MacsCluster;
let administrator: Administrator;

async function begin(): Promise<void> {
  const folder = MacsCluster.makeFolder();
  const release = await makeRelease({ folder, node: 'real' });
  cluster = await MacsCluster.start(folder, [release, release, release]);
  administrator = await cluster.administratorAt(first());
}

const first = () => cluster.servers[0] as LiveServer;
/** The password in clear is in no package, nor in any configuration. */
const searched = () => ({ ...cluster.secrets, password: cluster.live.secrets.password });

async function built(order: object) {
  const { buildId, bytes } = await administrator.build(ROUTE, { architecture: 'arm64', ...order });
  const folder = join(cluster.folder, buildId);
  mkdirSync(folder);
  unpack(bytes, folder);
  return { buildId, bytes, folder, config: readUnpacked(folder, CONFIG) };
}

async function installed(mac: MacStand, bytes: Buffer): Promise<InstalledServer> {
  const { code, said } = await installPackage(mac, bytes);
  expect({ code, said }).toMatchObject({ code: 0 });
  for (const secret of Object.values(searched())) expect(said).not.toContain(secret);
  return cluster.installedOn(mac);
}

async function known(server: InstalledServer): Promise<void> {
  await cluster.settled([server]);
  expect(server.mac.read('/var/log/fleet-server-crash.log')).toBe('');
}

/** As an agent does. */
async function report({ client }: InstalledServer): Promise<unknown> {
  const key = new Secret(Buffer.from(cluster.live.secrets.encryptionKey, 'base64'));
  const body = sealReport(makeReport({ atMs: Date.now() }), key, randomBytes(NONCE_BYTES));
  const headers = { 'content-type': 'application/json', 'x-api-key': cluster.live.secrets.apiKey };
  const answer = await client.ask('/api/fleet/report', { method: 'POST', headers, body: Buffer.from(body) });
  return answer.json();
}

const joinedBy = async (buildId: string) => (await administrator.record(buildId)).joined;
const filled = (text: string, { nodeId }: InstalledServer, hostname: string) =>
  text
    .replace(`${PACKAGE_MARK}\n`, '')
    .replace(/\$\{HOSTNAME\}/, hostname)
    .replace(/\$\{NODE_ID\}/, nodeId);

/** Without what joining by a ticket writes or takes away. */
const unjoined = (text: string) =>
  text.replace(/^ {2}(# One-time ticket .*|join_ticket: .*|roster_pins: .*)\n/gm, '');

rehearse('a package of a cluster node', () => {
  beforeAll(begin, BEGIN_MS);
  afterAll(() => cluster?.stop());

  it('with the credentials in it makes a healthy and verified member, once however often it is installed', async () => {
    const { bytes, buildId, folder, config } = await built({ credentials: 'embedded' });
    const hits = findSecrets(searched(), folder);
    expect(namesFound(hits)).toEqual(Object.keys(cluster.secrets).sort());
    expect(new Set(hits.map((hit) => hit.split(': ')[1]))).toEqual(new Set([`payload${CONFIG}`]));

    const mac = await cluster.mac('mac-07');
    const server = await installed(mac, bytes);
    expect(server.nodeId).toMatch(/^mac-07-[0-9a-f]{6}$/);
    await known(server);
    expect(mac.read(CONFIG)).toBe(filled(config, server, 'mac-07.local'));
    expect(statSync(mac.at(CONFIG)).mode & 0o7777).toBe(0o600);
    expect(await report(server)).toMatchObject({
      status: 'ok',
      e2ee_verified: true,
      node_id: server.nodeId,
    });
    const joined = { node_id: server.nodeId, by: 'time', state: 'healthy', signature: 'verified' };
    expect(await joinedBy(buildId)).toEqual([joined]);

    const [identity, before] = [mac.read(`${ROOT}/data/identity.json`), mac.read(CONFIG)];
    await installed(mac, bytes);
    await known(server);
    expect([mac.read(`${ROOT}/data/identity.json`), mac.read(CONFIG)]).toEqual([identity, before]);
    expect(await joinedBy(buildId)).toEqual([joined]);
  });

  it('with a ticket holds no secret of the cluster, however spelt, and gets them when it joins', async () => {
    const { bytes, buildId, folder, config } = await built({
      credentials: 'ticket',
      node_name: 'mac-by-ticket',
    });
    expect(findSecrets(searched(), folder)).toEqual([]);
    const server = await installed(await cluster.mac('mac-08'), bytes);
    expect(server.nodeId).toBe('mac-by-ticket');
    await known(server);
    expect(config).toContain('join_ticket');
    expect(server.mac.read(CONFIG)).not.toContain('join_ticket');
    expect(statSync(server.mac.at(CONFIG)).mode & 0o7777).toBe(0o600);
    expect(await report(server)).toMatchObject({ status: 'ok', e2ee_verified: true });
    expect(await administrator.record(buildId)).toMatchObject({
      ticket: { state: 'used' },
      joined: [{ node_id: 'mac-by-ticket', state: 'healthy' }],
    });
  });

  it('ordered on the page is followed there, and on the Cluster Health Monitor, until the Mac is healthy', async () => {
    const { password } = cluster.live.secrets;
    const visits = await Visits.begin({ urls: [cluster.urlOf(first())], user: USER, password });
    try {
      const visitor = await visitBuilder(visits);
      const { page } = visitor;
      await page.getByLabel('Node name').fill('mac-by-page');
      await page.getByLabel('Processor').selectOption('arm64');
      await orderPackage(page, NODE_PACKAGE, password);
      const result = await packageReady(page);
      await result.getByText('Waiting for the new server. Install').waitFor();
      await known(await installed(await cluster.mac('mac-10'), (await takePackage(page)).bytes));
      await result
        .getByText('mac-by-page has joined: signature verified, healthy.')
        .waitFor({ timeout: SOON });
      expect(await visitor.seriousFaults()).toEqual([]);
      await result.getByRole('link', { name: 'Cluster Health Monitor' }).click();
      const nodes = page.getByRole('region', { name: 'Table of nodes' });
      const row = nodes
        .getByRole('row')
        .filter({ has: page.getByRole('rowheader', { name: 'mac-by-page' }) });
      await row.getByText('Healthy').waitFor({ timeout: SOON });
      await visits.leave();
    } finally {
      await visits.end();
    }
  });

  it('with the credentials brings a ticket too where the cluster admits nobody without', async () => {
    const closing = ['cluster', 'admission', 'ticket', '--config', first().configPath];
    expect(await atlasFleet(closing)).toMatchObject({ code: 0 });
    const { bytes, buildId, config } = await built({ credentials: 'embedded' });
    const server = await installed(await cluster.mac('mac-09'), bytes);
    await known(server);
    expect(unjoined(server.mac.read(CONFIG))).toBe(unjoined(filled(config, server, 'mac-09.local')));
    expect(await administrator.record(buildId)).toMatchObject({ ticket: { state: 'used' } });
  });
});
