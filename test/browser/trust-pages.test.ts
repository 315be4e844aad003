/** Trust on the Cluster Health Monitor, in real Chromium: who belongs to a live cluster, who goes, and its secret. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LiveCluster, type LiveServer, USER } from '../scenario/live-cluster.ts';
import type { Visit, Visitor } from './visitor.ts';
import { Visits } from './visits.ts';

/** Milliseconds for something that the page learns by itself. */
const SOON = 15_000;

let cluster: LiveCluster;
let server: LiveServer;
let visits: Visits;

beforeAll(async () => {
  cluster = await LiveCluster.start({ timeoutSeconds: 3 });
  server = cluster.server('server-01');
  const { password } = cluster.secrets;
  visits = await Visits.begin({ urls: [server.url], user: USER, password });
});

afterEach(() => visits.leave());

afterAll(async () => {
  await visits?.end();
  await cluster?.stop();
});

async function onClusterPage(visit?: Visit): Promise<Visitor> {
  const visitor = await visits.loggedIn(visit);
  await visitor.page.goto(`${server.url}/settings/cluster`);
  await members(visitor.page)
    .getByRole('row', { name: /server-03/ })
    .waitFor({ timeout: SOON });
  return visitor;
}

const members = (page: Page): Locator => page.getByRole('region', { name: 'Members', exact: true });
const banner = (page: Page): Locator => page.getByRole('region', { name: 'Rotation of the secret' });

async function openWizard(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Rotate secret…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rotate the cluster secret' });
  await dialog.waitFor();
  return dialog;
}

const keyId = async () => (await server.client.get<{ key_id: string }>('/api/fleet/cluster/rotation')).key_id;

async function expectClean(visitor: Visitor): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await visitor.page.emulateMedia({ colorScheme: scheme });
    expect(await visitor.seriousFaults(), scheme).toEqual([]);
  }
  expect(await visitor.overflow()).toBeLessThanOrEqual(0);
}

describe('the members', () => {
  it('stand there with the fingerprints of their keys, and with the steps that made them members', async () => {
    const visitor = await onClusterPage({ width: 390 });
    const card = members(visitor.page);
    expect(await card.getByText(/^[0-9a-f]{16}$/).count()).toBeGreaterThanOrEqual(3);
    await card.getByText('admitted server-03').first().waitFor();
    await card.getByText('by secret: who holds the cluster secret is admitted').waitFor();
    expect(await card.getByRole('button', { name: 'Evict… server-01' }).count()).toBe(0);
    expect(await card.getByRole('button', { name: /^Remove/ }).count()).toBe(0);
    await expectClean(visitor);
  });
});

describe('the rotation of the secret', () => {
  it('does not begin with a wrong password', async () => {
    const visitor = await onClusterPage({ width: 390 });
    const { page } = visitor;
    const before = await keyId();
    const dialog = await openWizard(page);
    await dialog.getByLabel('After a compromise').check();
    await dialog.getByLabel('server-02').check();
    await dialog.getByRole('button', { name: 'Evict 1 and change the secret' }).waitFor();
    await expectClean(visitor);
    await dialog.getByLabel('Your password').fill('not the password');
    await dialog.getByRole('button', { name: 'Evict 1 and change the secret' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/password is wrong/)
      .waitFor();
    expect(await keyId()).toBe(before);
  });

  it('goes to its end through the wizard, and outlives the closing of it', async () => {
    const visitor = await onClusterPage();
    const { page } = visitor;
    const before = await keyId();
    const dialog = await openWizard(page);
    await dialog.getByLabel('Your password').fill(cluster.secrets.password);
    await dialog.getByRole('button', { name: 'Rotate the secret' }).click();
    await dialog.getByRole('heading', { name: /Step 2 of 3/ }).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await banner(page)
      .getByText(/A rotation is under way: \d of 3/)
      .waitFor();
    await banner(page).getByRole('button', { name: 'Show it' }).click();
    await dialog.getByText('Signs with it').nth(2).waitFor({ timeout: SOON });
    await expectClean(visitor);
    await dialog.getByRole('heading', { name: 'Step 3 of 3: done' }).waitFor({ timeout: SOON });
    const after = await keyId();
    expect(after).not.toBe(before);
    await dialog.getByText(after).waitFor();
    await dialog.getByRole('link', { name: 'What to change by hand' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(page.url()).toContain('#leaks');
    await members(page).getByText(`retired key ${before}`).waitFor({ timeout: SOON });
  });
});

describe('an eviction', () => {
  it('asks for the name and refuses another, then bans the key and changes the secret', async () => {
    const visitor = await onClusterPage({ width: 390 });
    const { page } = visitor;
    const before = await keyId();
    await members(page).getByRole('button', { name: 'Evict… server-03' }).click();
    const dialog = page.getByRole('dialog', { name: 'Evict server-03?' });
    const name = dialog.getByLabel('Type server-03 to confirm');
    await name.fill('server-02');
    await dialog.getByLabel('Your password').fill(cluster.secrets.password);
    await dialog.getByRole('button', { name: 'Evict for ever' }).click();
    await dialog.getByText('This is not server-03. Nothing was done.').waitFor();
    expect(await keyId()).toBe(before);
    await expectClean(visitor);
    await name.fill('server-03');
    await dialog.getByRole('button', { name: 'Evict for ever' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await members(page).getByRole('button', { name: 'Free the name… server-03' }).waitFor({ timeout: SOON });
    await members(page).getByText('by ticket: a new server needs a join ticket').waitFor();
    expect(await keyId()).not.toBe(before);
  });
});
