/** The Server Package Builder in real Chromium, of a live cluster on real Redis and PostgreSQL. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DistantPostgres } from '../backends/distant-postgres.ts';
import { RedisServer } from '../backends/redis.ts';
import { LiveCluster, type LiveServer, USER } from '../scenario/live-cluster.ts';
import { NODE_PACKAGE, orderPackage, packageReady, SOON, takePackage, visitBuilder } from './builder-page.ts';
import { PackingServer } from './packing-server.ts';
import type { Visitor } from './visitor.ts';
import { Visits } from './visits.ts';

/** Of documentation (RFC 5737): nobody asks it. */
const REDIS_ELSEWHERE = '192.0.2.9';

let redis: RedisServer;
let postgres: DistantPostgres;
let cluster: LiveCluster;
let packing: PackingServer;
/** Where nothing was ever downloaded. */
let emptyCache: string;
/** It has no Node for Macs. */
let bare: LiveServer;
let visits: Visits;

beforeAll(async () => {
  emptyCache = mkdtempSync(join(tmpdir(), 'atlas-cache-'));
  [redis, postgres] = await Promise.all([
    RedisServer.start({ password: 'of redis' }),
    DistantPostgres.start(),
  ]);
  cluster = await LiveCluster.start({
    servers: 1,
    intervalSeconds: 2, // who is late is not shown as healthy, and on a busy machine half a second makes him so
    timeoutSeconds: 10,
    redis,
    databaseUrl: postgres.url,
    values: { 'database.ca_file': postgres.caFile },
    each: [{ env: { ATLAS_FLEET_CACHE: emptyCache } }],
  });
  bare = cluster.server('server-01');
  packing = await PackingServer.start(cluster);
  const { password } = cluster.secrets;
  visits = await Visits.begin({ urls: [packing.url, bare.url], user: USER, password });
});

afterEach(() => visits.leave());

afterAll(async () => {
  await visits?.end();
  await packing?.stop();
  await cluster?.stop();
  await Promise.all([redis?.stop(), postgres?.stop()]);
  rmSync(emptyCache, { recursive: true, force: true });
});

async function expectClean(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await visitor.seriousFaults(), colorScheme).toEqual([]);
  }
  const { width = 0, height = 0 } = page.viewportSize() ?? {};
  await page.setViewportSize({ width: 390, height });
  expect(await visitor.overflow()).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width, height });
}

const atBuilder = () => visitBuilder(visits);
const build = (page: Page, button: string, password = cluster.secrets.password) =>
  orderPackage(page, button, password);

const history = (page: Page) => page.getByRole('region', { name: 'Table of packages' });

describe('what stands in the way', () => {
  it('is said with its mend, and until then there is no button to press', async () => {
    const visitor = await visits.arrive();
    const { page } = visitor;
    await visitor.logIn(`${bare.url}/settings/packages`, USER, cluster.secrets.password);
    const strip = page.getByRole('region', { name: '2 things to mend first' });
    await strip.getByText(/Redis is at 127\.0\.0\.1/).waitFor({ timeout: SOON });
    await strip.getByRole('region', { name: 'Command to copy' }).first().waitFor();
    const button = page.getByRole('button', { name: NODE_PACKAGE });
    expect(await button.isDisabled()).toBe(true);
    await expectClean(visitor);
    const address = page.getByLabel('Redis address');
    await strip.getByRole('button', { name: 'Fix: Redis address' }).click();
    await expect.poll(() => address.evaluate((field) => field === document.activeElement)).toBe(true);
    await address.fill(REDIS_ELSEWHERE);
    await page.getByRole('region', { name: 'One thing to mend first' }).waitFor();
    expect(await button.isDisabled()).toBe(true);
  });

  it('is a name that a server of the cluster has', async () => {
    const visitor = await atBuilder();
    const { page } = visitor;
    await page.getByLabel('Redis address').fill(REDIS_ELSEWHERE);
    const button = page.getByRole('button', { name: NODE_PACKAGE });
    await expect.poll(() => button.isEnabled(), { timeout: SOON }).toBe(true);
    await visitor.keepScreen('package-builder');
    await page.getByLabel('Node name').fill('SERVER-01');
    await page.getByText('server-01 is a server of this cluster already.').last().waitFor();
    await page.getByRole('region', { name: 'One thing to mend first' }).waitFor();
    expect(await button.isDisabled()).toBe(true);
  });

  it('is an address that means another machine there, typed where one was that does not', async () => {
    const { page } = await atBuilder();
    const button = page.getByRole('button', { name: NODE_PACKAGE });
    await page.getByLabel('Redis address').fill(REDIS_ELSEWHERE);
    await page.getByRole('region', { name: 'Ready to build' }).waitFor({ timeout: SOON });
    await page.getByLabel('Redis address').fill('127.0.0.1');
    await page.getByRole('region', { name: 'One thing to mend first' }).waitFor({ timeout: SOON });
    expect(await button.isDisabled()).toBe(true);
  });

  it('is a wrong password', async () => {
    const { page } = await atBuilder();
    await page.getByLabel('Standalone Server').check();
    const dialog = await build(page, 'Build Standalone Server Package', 'not the password');
    await dialog
      .getByRole('alert')
      .getByText(/password is wrong/)
      .waitFor();
  });
});

describe('a standalone server package', () => {
  it('comes to the page whole, and says what it is and where it belongs', async () => {
    const visitor = await atBuilder();
    const { page } = visitor;
    await page.getByLabel('Standalone Server').check();
    await page.getByText('There is no secret inside').waitFor({ timeout: SOON });
    await build(page, 'Build Standalone Server Package');
    const result = await packageReady(page);
    await expect.poll(() => result.evaluate((region) => region === document.activeElement)).toBe(true);
    await result.getByText('What arrived here has it.').waitFor();
    await result.getByText('Unsigned: double-click is blocked by macOS').waitFor();
    const { name, bytes } = await takePackage(page);
    expect(name).toBe('FleetServerStandalone.pkg');
    expect(bytes.subarray(0, 4).toString()).toBe('xar!');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await result.getByText(`echo '${sha256}  ${name}' | shasum -a 256 -c`).waitFor();
    await result.getByText(`sudo installer -pkg ${name} -target /`).waitFor();
    await expectClean(visitor);
  });
});

describe('a package that is being built', () => {
  it('shows its steps, and can be cancelled', async () => {
    const visitor = await atBuilder();
    const { page } = visitor;
    const release = packing.hold();
    await page.getByLabel('Standalone Server').check();
    await build(page, 'Build Standalone Server Package');
    const step = page.getByRole('list', { name: 'Steps' }).locator('[aria-current="step"]');
    await step.getByText('The server collects and assembles').waitFor();
    await expectClean(visitor);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled. Nothing was kept.').last().waitFor();
    release();
    await page.getByRole('button', { name: 'Build Standalone Server Package' }).waitFor();
  });
});

describe('an agent package', () => {
  it('names the servers that were typed', async () => {
    const { page } = await atBuilder();
    await page.getByLabel('Agent').check();
    await page.getByLabel('Servers').fill('https://fleet.example:8768');
    await build(page, 'Build Agent Package');
    const result = await packageReady(page);
    await result.getByText('sudo tail -f /var/log/fleet-agent.log').waitFor();
    await history(page).getByRole('row').filter({ hasText: 'FleetAgent.pkg' }).first().waitFor();
  });
});

describe('a cluster node package', () => {
  it('is followed until the server that came by it is healthy', async () => {
    const visitor = await atBuilder();
    const { page } = visitor;
    const contents = page.getByRole('region', { name: 'Table of the secrets inside' });
    const secret = contents.getByRole('row').filter({ hasText: /^cluster_secret/ });
    await secret.getByText(/^…[0-9a-f]{4}$/).waitFor({ timeout: SOON });
    await page.getByLabel('Redis address').fill(REDIS_ELSEWHERE);
    await page.getByText(/\d+ things that are no secret/).click();
    await expectClean(visitor);
    await build(page, NODE_PACKAGE);
    const result = await packageReady(page);
    await result.getByText('Waiting for the new server. Install').waitFor();
    const { process, name } = await cluster.add();
    await process.start();
    await result.getByText(`${name} has joined: signature verified, healthy.`).waitFor({ timeout: SOON });
    await expectClean(visitor);
    await result.getByRole('link', { name: 'Cluster Health Monitor' }).click();
    const nodes = page.getByRole('region', { name: 'Table of nodes' });
    const row = nodes.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
    await row.getByText('Healthy').waitFor({ timeout: SOON });
  });

  it('with a ticket stands in the history until it is revoked', async () => {
    const visitor = await atBuilder();
    const { page } = visitor;
    await page.getByLabel('Redis address').fill(REDIS_ELSEWHERE);
    await page.getByLabel('Join ticket').check();
    await page.getByLabel('Ticket is good for').selectOption('1 hour');
    await page.getByLabel('Node name').fill('server-09');
    await page.getByLabel('Note').fill('<b>for the lab</b>');
    await build(page, NODE_PACKAGE);
    await (await packageReady(page))
      .getByText('scp FleetServerClusterNode.pkg admin@server-09.local:')
      .waitFor();
    const row = history(page).getByRole('row').filter({ hasText: '<b>for the lab</b>' });
    await row.getByText('Open', { exact: true }).waitFor({ timeout: SOON });
    await row.getByRole('button', { name: /^Revoke/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await row.getByText('Revoked', { exact: true }).first().waitFor({ timeout: SOON });
    await page.getByText('Its join ticket is revoked: nobody can join by this package.').waitFor();
  });
});
