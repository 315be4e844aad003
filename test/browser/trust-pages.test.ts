/** Trust on the Cluster Health Monitor, in real Chromium: who belongs to a live cluster, who goes, and its secret. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { agePassword } from '../http/age-password.ts';
import { LiveCluster, type LiveServer, USER } from '../scenario/live-cluster.ts';
import type { Visitor } from './visitor.ts';
import { Visits } from './visits.ts';

/** Milliseconds for something that the page learns by itself. */
const SOON = 60_000;
/** Of a telephone: who looks after a cluster at night has no other. */
const WIDTH = 390;
/** Of server-03, for agents. Nobody asks there. */
const PUBLIC_URL = 'https://fleet.example.com:8768';

let cluster: LiveCluster;
let server: LiveServer;
/** Of server-03, which speaks TLS, and whose key joiners know it by. */
let tlsUrl: string;
let visits: Visits;
let visitor: Visitor;
let page: Page;
let members: Locator;
let tickets: Locator;

beforeAll(async () => {
  // A rotation takes a node_timeout at least: time to look at it, on a busy machine too.
  cluster = await LiveCluster.start({ servers: 2, timeoutSeconds: 10 });
  server = cluster.server('server-01');
  const values = { 'server.tls': 'own', 'server.public_url': PUBLIC_URL };
  const { process, port } = await cluster.add({ values });
  tlsUrl = `https://127.0.0.1:${port}`;
  const { password } = cluster.secrets;
  const doors = { urls: [server.url, tlsUrl] as const, user: USER, password };
  [visits] = await Promise.all([Visits.begin(doors), process.start()]);
  visitor = await visits.loggedIn({ width: WIDTH });
  ({ page } = visitor);
  members = page.getByRole('region', { name: 'Members', exact: true });
  tickets = page.getByRole('region', { name: 'Join tickets', exact: true });
});

afterEach(() => expect(visitor.complaints).toEqual([]));

afterAll(async () => {
  await visits?.end();
  await cluster?.stop();
});

async function openClusterPage(): Promise<void> {
  await page.goto(`${server.url}/settings/cluster`);
  await members.getByRole('row', { name: /server-03/ }).waitFor({ timeout: SOON });
}

/** Presses a button with three dots, which opens a dialog of this title. */
async function openDialog(button: string, title: string): Promise<Locator> {
  await page.getByRole('button', { name: button }).click();
  const dialog = page.getByRole('dialog', { name: title });
  await dialog.waitFor();
  return dialog;
}

const openWizard = () => openDialog('Rotate secret…', 'Rotate the cluster secret');
const openTicketDialog = () => openDialog('Create ticket…', 'Create a join ticket');
const keyId = async () => (await server.client.get<{ key_id: string }>('/api/fleet/cluster/rotation')).key_id;

async function expectClean(): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    expect(await visitor.seriousFaults(), scheme).toEqual([]);
  }
  expect(await visitor.overflow()).toBeLessThanOrEqual(0);
}

describe('a join ticket', () => {
  it('is shown once, stands in the list, and is revoked', async () => {
    await visitor.logIn(`${tlsUrl}/settings/cluster`, USER, cluster.secrets.password);
    await tickets.getByText('There are none.').waitFor({ timeout: SOON });
    const dialog = await openTicketDialog();
    await dialog.getByLabel('Good for').selectOption('1 hour');
    await dialog.getByLabel('Your password').fill(cluster.secrets.password);
    await dialog.getByRole('button', { name: 'Create ticket' }).click();
    await dialog.getByText(/^atlas-fleet-ticket\.v1\./).waitFor();
    await dialog.getByText('atlas-fleet server --join -').waitFor();
    await expectClean();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.getByText(/^atlas-fleet-ticket/).count()).toBe(0);
    await tickets.getByText('Open', { exact: true }).waitFor({ timeout: SOON });
    await tickets.getByRole('button', { name: /^Revoke/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await tickets.getByText('Revoked', { exact: true }).waitFor({ timeout: SOON });
  });

  it('is not offered by a server without TLS, and the page says why and what to set', async () => {
    await openClusterPage();
    await tickets.getByText(/speaks no TLS.*set server\.tls: own/).waitFor({ timeout: SOON });
    expect(await tickets.getByRole('button', { name: 'Create ticket…' }).isDisabled()).toBe(true);
    await expectClean();
  });
});

describe('a dashboard without Macs', () => {
  const firstMac = () => page.getByRole('region', { name: 'No Macs have reported yet' });

  it('leads to an Agent package, and prints the whole command line for who goes without', async () => {
    await page.goto(tlsUrl);
    const command = firstMac().getByRole('region', { name: 'Command that starts an agent' });
    await command.waitFor({ timeout: SOON });
    expect(await command.innerText()).toMatch(
      /^atlas-fleet agent --server https:\/\/fleet\.example\.com:8768 --pin '[A-Za-z0-9+/,=]+' --api-key-file \S+ --encryption-key-file \S+$/,
    );
    await expectClean();
    await firstMac().getByRole('link', { name: 'Build an Agent package' }).click();
    await page.getByRole('radio', { name: /^Agent/, checked: true }).waitFor({ timeout: SOON });
  });

  it('says of a server that no Mac reaches what to set, and prints no command that cannot work', async () => {
    await page.goto(server.url);
    await firstMac()
      .getByText(/^Macs cannot reach .*server\.public_url/)
      .waitFor({ timeout: SOON });
    expect(
      await firstMac()
        .getByText(/atlas-fleet agent/)
        .count(),
    ).toBe(0);
  });
});

describe('the members', () => {
  it('stand there with the fingerprints of their keys, and with the steps that made them members', async () => {
    await openClusterPage();
    expect(await members.getByRole('cell', { name: /[0-9a-f]{16}$/ }).count()).toBe(3);
    await members.getByText('admitted server-03').first().waitFor();
    await members.getByRole('cell', { name: 'founder' }).waitFor();
    await members.getByText('by secret: who holds the cluster secret is admitted').waitFor();
    expect(await members.getByRole('button', { name: 'Evict… server-01' }).count()).toBe(0);
    expect(await members.getByRole('button', { name: /^Remove/ }).count()).toBe(0);
    await expectClean();
  });
});

describe('the rotation of the secret', () => {
  it('does not begin with a wrong password', async () => {
    await openClusterPage();
    const before = await keyId();
    const dialog = await openWizard();
    await dialog.getByLabel('After a compromise').check();
    await dialog.getByLabel('server-02').check();
    await expectClean();
    await dialog.getByLabel('Your password').fill('not the password');
    await dialog.getByRole('button', { name: 'Evict 1 and change the secret' }).click();
    await dialog.getByRole('alert').getByText('The password is wrong.', { exact: true }).waitFor();
    expect(await keyId()).toBe(before);
  });

  it('goes to its end through the wizard, and outlives the closing of it', async () => {
    await openClusterPage();
    const before = await keyId();
    const dialog = await openWizard();
    await dialog.getByLabel('Your password').fill(cluster.secrets.password);
    await dialog.getByRole('button', { name: 'Rotate the secret' }).click();
    await dialog.getByRole('heading', { name: /Step 2 of 3/ }).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    const banner = page.getByRole('region', { name: 'Rotation of the secret' });
    await banner.getByText(/A rotation is under way: \d of 3/).waitFor();
    await banner.getByRole('button', { name: 'Show it' }).click();
    await dialog.getByText('Signs with it').nth(2).waitFor({ timeout: SOON });
    await expectClean();
    await dialog.getByRole('heading', { name: 'Step 3 of 3: done' }).waitFor({ timeout: SOON });
    const after = await keyId();
    expect(after).not.toBe(before);
    await dialog.getByText(after).waitFor();
    await dialog.getByRole('link', { name: 'What to change by hand' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => page.url()).toContain('#leaks');
    await members.getByText(`retired key ${before}`).waitFor({ timeout: SOON });
  });
});

describe('a session whose password was given long ago', () => {
  const age = async () => {
    const [cookie] = await page.context().cookies(server.url);
    await agePassword(cluster, cookie?.value ?? '');
  };

  it('is asked for it again before it makes a token', async () => {
    await age();
    await page.goto(`${server.url}/settings/tokens`);
    const dialog = await openDialog('Create token', 'Create an API token');
    const password = dialog.getByLabel('Your password');
    await dialog.getByLabel('Name').fill('from an old session');
    expect(await password.count()).toBe(0);
    await dialog.getByRole('button', { name: 'Create token' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/needs your password again/)
      .waitFor();
    await expectClean();
    await password.fill(cluster.secrets.password);
    await dialog.getByRole('button', { name: 'Create token' }).click();
    await dialog.getByText(/Copy the token now/).waitFor();
  });
});

describe('an eviction', () => {
  it('asks for the name and refuses another, then bans the key and changes the secret', async () => {
    await openClusterPage();
    const before = await keyId();
    const dialog = await openDialog('Evict… server-03', 'Evict server-03?');
    const name = dialog.getByLabel('Type server-03 to confirm');
    await name.fill('server-02');
    await dialog.getByLabel('Your password').fill(cluster.secrets.password);
    await dialog.getByRole('button', { name: 'Evict for ever' }).click();
    await dialog.getByText('This is not server-03. Nothing was done.').waitFor();
    await dialog.getByText(/It still knows the passwords of Redis and PostgreSQL/).waitFor();
    expect(await dialog.getByRole('link', { name: 'What to change by hand' }).getAttribute('href')).toBe(
      '#leaks',
    );
    expect(await keyId()).toBe(before);
    await expectClean();
    await name.fill('server-03');
    await dialog.getByRole('button', { name: 'Evict for ever' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await members.getByRole('button', { name: 'Free the name… server-03' }).waitFor({ timeout: SOON });
    await members.getByText('by ticket: a new server needs a join ticket').waitFor();
    expect(await keyId()).not.toBe(before);
  });

  it('is what every page of the evicted server says first', async () => {
    await page.goto(tlsUrl);
    const bar = page.getByRole('region', { name: 'State of this page' });
    await bar.getByRole('link', { name: /^Critical: .*evicted/ }).click({ timeout: SOON });
    await page.getByRole('heading', { name: 'Cluster Health Monitor', level: 1 }).waitFor();
    await expectClean();
  });
});
