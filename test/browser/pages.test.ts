/** The console in real Chromium, against the demo as a person starts it. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { NONCE_BYTES, sealReport } from '../../src/protocol/report-envelope.ts';
import { makeReport } from '../fakes/report.ts';
import { DemoCluster } from './demo-cluster.ts';
import type { Visit, Visitor } from './visitor.ts';
import { Visits } from './visits.ts';

/** Milliseconds for something that the page learns by itself. */
const SOON = 60_000;

let demo: DemoCluster;
let visits: Visits;

beforeAll(async () => {
  demo = await DemoCluster.start();
  visits = await Visits.begin(demo.line);
});

afterEach(() => visits.leave());

afterAll(async () => {
  await visits?.end();
  await demo?.stop();
});

const arrive = (visit?: Visit): Promise<Visitor> => visits.arrive(visit);
const loggedIn = (visit?: Visit): Promise<Visitor> => visits.loggedIn(visit);

/** As console/parts/chart.tsx draws it. */
const TIME_AXIS_PX = 26;
/** More than this is free where no label stands on the edge. */
const LABEL_PX = 12;

/** In the page: columns without ink to the right of the times; all of them while nothing is drawn. */
function freeBesideTimes(canvas: SVGElement | HTMLElement, axisPx: number): number {
  const { width, height } = canvas as HTMLCanvasElement;
  const drawn = (canvas as HTMLCanvasElement).getContext('2d');
  if (!drawn) return width;
  const strip = drawn.getImageData(0, height - axisPx + 4, width, axisPx - 4);
  const column = (x: number) => Array.from({ length: strip.height }, (_, y) => (y * width + x) * 4 + 3);
  const isInked = (x: number) => column(x).some((alpha) => (strip.data[alpha] ?? 0) > 0);
  let free = 0;
  while (free < width && !isInked(width - 1 - free)) free += 1;
  return free;
}

/** A Mac of this id reports once, last in the order of names. */
async function report(machineId: string): Promise<void> {
  const { api_key, config_paths, urls } = demo.line as typeof demo.line & {
    api_key: string;
    config_paths: [string, string, string];
  };
  const [, key = ''] = /encryption_key: "([^"]+)"/.exec(readFileSync(config_paths[0], 'utf8')) ?? [];
  const { machine_info, ...rest } = makeReport({ machineId, atMs: Date.now() });
  const sealed = sealReport(
    { ...rest, machine_info: { ...machine_info, hostname: 'zz-last.local' } },
    new Secret(Buffer.from(key, 'base64')),
    randomBytes(NONCE_BYTES),
  );
  const headers = { 'content-type': 'application/json', 'x-api-key': api_key };
  const answer = await fetch(`${urls[0]}/api/fleet/report`, {
    method: 'POST',
    headers,
    body: Buffer.from(sealed),
  });
  expect(answer.status).toBe(200);
}

describe('signing in', () => {
  it('says what is wrong with a wrong password, and lets the right one in', async () => {
    const { page } = await (async () => {
      const visitor = await arrive();
      await visitor.logIn(demo.line.urls[0], demo.line.user, 'not the password');
      return visitor;
    })();
    await page.getByRole('alert').getByText('The user name or the password is wrong.').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(demo.line.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Dashboard', level: 1 }).waitFor();
  });

  it('ends with signing out, for the cookie too', async () => {
    const { page } = await loggedIn();
    await page.getByRole('button', { name: /account menu/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });
});

describe('setting up', () => {
  it('tells the rule of passwords first, and once there is a user leads back to the login', async () => {
    const { page } = await arrive();
    await page.goto(demo.line.urls[0]);
    await page.getByRole('link', { name: 'setup link' }).click();
    await page.getByText('At least 12 characters').waitFor();
    await page.getByLabel('Setup code').fill('ABCD-EFGH');
    await page.getByLabel('Password', { exact: true }).fill('a long enough password');
    await page.getByLabel('Password again').fill('a long enough password');
    await page.getByRole('button', { name: 'Create administrator' }).click();
    const alert = page.getByRole('alert');
    await alert.getByText('There is a user already').waitFor();
    expect(await alert.innerText()).not.toMatch(/Conflict|Request/);
    await alert.getByRole('link', { name: 'Go to the login' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });
});

describe('the dashboard', () => {
  it('shows this machine, online, with figures that change by themselves', async () => {
    const visitor = await loggedIn();
    const { page } = visitor;
    await page.getByText('3 of 3 servers healthy').waitFor({ timeout: SOON });
    const row = page.getByRole('row').nth(1);
    await row.getByText('Online').waitFor({ timeout: SOON });
    const before = await row.innerText();
    await expect.poll(() => row.innerText(), { timeout: SOON }).not.toBe(before);
    await visitor.keepScreen('dashboard');
  });

  it('filters by status, keeps the filter in the address, and is never an empty page', async () => {
    const { page } = await loggedIn();
    await page.getByRole('row').nth(1).waitFor({ timeout: SOON });
    await page
      .getByRole('link', { name: /Offline/ })
      .or(page.getByRole('button', { name: /Offline/ }))
      .first()
      .click();
    await expect.poll(() => new URL(page.url()).search).toContain('offline');
    await page.reload();
    await page.getByRole('heading', { name: 'Dashboard', level: 1 }).waitFor();
    await expect.poll(() => new URL(page.url()).search).toContain('offline');
  });
});

describe("a machine's page", () => {
  it('shows four charts whose figures stand there as text too', async () => {
    const { page } = await loggedIn();
    await page.getByRole('row').nth(1).getByRole('link').first().click();
    for (const name of ['CPU', 'Memory', 'Disk', 'Network']) {
      await page.getByRole('heading', { name, exact: true }).waitFor({ timeout: SOON });
    }
    await expect.poll(() => page.locator('canvas').count(), { timeout: SOON }).toBe(4);
    await expect
      .poll(() => page.getByRole('cell', { name: /^[\d.]+ %$/ }).count(), { timeout: SOON })
      .toBeGreaterThan(5);
    await page.getByText('shared key').waitFor();
  });

  it('draws the last time of a chart whole, though it stands on the edge', async () => {
    const { page } = await loggedIn();
    const address = await page.getByRole('row').nth(1).getByRole('link').first().getAttribute('href');
    // The pages count in the server's time: a window of 15 minutes ends on a label then.
    const isEvents = (url: URL) => url.pathname.endsWith('/events');
    await page.route(
      (url) => url.pathname.startsWith('/api/') && !isEvents(url),
      async (route) => {
        const response = await route.fetch();
        const headers = { ...response.headers(), date: 'Sun, 22 Nov 2026 08:59:50 GMT' };
        await route.fulfill({ response, headers });
      },
    );
    await page.goto(`${demo.line.urls[0]}${address}`);
    const chart = page.locator('canvas').first();
    const free = () => chart.evaluate(freeBesideTimes, TIME_AXIS_PX);
    await expect.poll(free, { timeout: SOON }).toBeLessThan(LABEL_PX);
    expect(await free()).toBeGreaterThan(0);
  });

  it("is found also for an id that holds ':'", async () => {
    await report('EC:2A:04:9B');
    const { page } = await loggedIn();
    await page.getByRole('link', { name: 'zz-last.local' }).click({ timeout: SOON });
    await page.getByRole('heading', { name: 'zz-last.local', level: 1 }).waitFor({ timeout: SOON });
    await page.reload();
    await page.getByText('EC:2A:04:9B').waitFor({ timeout: SOON });
    await expect.poll(() => page.locator('canvas').count(), { timeout: SOON }).toBe(4);
  });
});

describe('the Cluster Health Monitor', () => {
  it('shows a forged record by itself, in plain words, and hostile names inert', async () => {
    const visitor = await loggedIn();
    const { page } = visitor;
    await page.goto(`${demo.line.urls[0]}/settings/cluster`);
    await page
      .getByRole('heading', { name: /any one of your 3 servers can stop/ })
      .waitFor({ timeout: SOON });
    const hostile = '<img src=x onerror=alert(1)>\u202Etxt.\u0007';
    demo.forge('node', 'intruder', JSON.stringify({ host: '10.0.0.66', node_id: 'intruder' }));
    demo.forge('heartbeat', 'hostile', JSON.stringify({ node_id: hostile }));
    const rejected = page.getByRole('row').filter({ hasText: 'fleet:cluster:node:intruder' });
    await rejected.getByText('missing_signature').waitFor({ timeout: SOON });
    await rejected.getByText(/is not signed/).waitFor();
    const row = page.getByRole('row').filter({ hasText: 'fleet:cluster:heartbeat:hostile' });
    await row.waitFor({ timeout: SOON });
    const shown = await row.innerText();
    expect(shown).toContain('<img src=x onerror=alert(1)>');
    for (const character of ['\u0007', '\u202E']) expect(shown).not.toContain(character);
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    await visitor.keepScreen('cluster-health');
  });

  it('shows a killed server offline and back again, without a reload', async () => {
    const { page } = await loggedIn();
    await page.goto(`${demo.line.urls[0]}/settings/cluster`);
    const table = page.getByRole('region', { name: 'Table of nodes' });
    const row = table.getByRole('row').filter({ has: page.getByRole('rowheader', { name: /^server-03/ }) });
    await row.getByText('Healthy').waitFor({ timeout: SOON });
    process.kill(demo.line.pids.servers[2], 'SIGKILL');
    await row.getByText('Offline').waitFor({ timeout: SOON });
    await page.getByText('2 of 3 servers healthy').waitFor({ timeout: SOON });
    await page
      .getByRole('region', { name: 'State of this page' })
      .getByRole('link', { name: /^Degraded: server-03 has not been heard/ })
      .waitFor();
    await row.getByText('Healthy').waitFor({ timeout: SOON });
  });

  it('says line by line whether it is secure, and what a leak would give away', async () => {
    const visitor = await loggedIn({ width: 390 });
    const { page } = visitor;
    await page.goto(`${demo.line.urls[0]}/settings/cluster`);
    const card = page.getByRole('region', { name: 'Security', exact: true });
    await card.getByRole('button', { name: 'Check now' }).click();
    const line = card.getByRole('listitem').filter({ hasText: 'with one bit flipped: invalid_signature' });
    await line.getByText('Pass', { exact: true }).waitFor({ timeout: SOON });
    await card.getByText('A package with embedded credentials, or a copy of config.yaml').click();
    await card
      .getByText(/rotate-secret --compromised --keep server-01/)
      .first()
      .waitFor();
    for (const leak of await card.locator('summary').all()) {
      if ((await leak.evaluate((summary) => summary.parentElement?.hasAttribute('open'))) !== true)
        await leak.click();
    }
    expect(await visitor.overflow()).toBeLessThanOrEqual(0);
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      expect(await visitor.seriousFaults(), scheme).toEqual([]);
    }
  });

  it('keeps what it knew while the database is away, and says why and what to do', async () => {
    const visitor = await loggedIn();
    const { page } = visitor;
    await page.goto(`${demo.line.urls[0]}/settings/cluster`);
    const nodes = page.getByRole('region', { name: 'Table of nodes' });
    await nodes.getByRole('row').nth(3).waitFor({ timeout: SOON });
    const problem = {
      title: 'Unavailable',
      status: 503,
      code: 'store_unavailable',
      detail: 'the database refuses connections',
      hint: 'see that `postgres` runs',
    };
    await page.route('**/cluster/health-check*', (route) =>
      route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    );
    await page
      .getByText(/old: The database refuses connections\. See that postgres runs\.$/)
      .waitFor({ timeout: SOON });
    expect(await nodes.getByRole('row').count()).toBe(4);
    const complaints = visitor.complaints.splice(0);
    expect(complaints.filter((one) => !one.includes('status of 503'))).toEqual([]);
  });

  it('probes the registry when asked', async () => {
    const { page } = await loggedIn();
    await page.goto(`${demo.line.urls[0]}/settings/cluster`);
    await page.getByRole('button', { name: 'Run Health Check' }).click();
    await page.getByText(/written and read back in/).waitFor({ timeout: SOON });
  });
});

describe('API tokens and passwords', () => {
  it('shows a new token once, and revokes it', async () => {
    const { page } = await loggedIn();
    await page.goto(`${demo.line.urls[0]}/settings/tokens`);
    await page.getByRole('button', { name: 'Create token' }).click();
    await page.getByLabel('Name').fill('inventory script');
    await page.getByRole('checkbox', { name: /^packages:build: build packages/ }).check();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /Create/ })
      .click();
    const token = await page
      .getByRole('dialog')
      .getByText(/^atl_/)
      .or(page.locator('input[value^="atl_"]'))
      .first();
    await token.waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Revoke inventory script' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('There are no tokens yet.').waitFor();
  });

  it('changes the password and goes on working with the session that did it', async () => {
    const { page } = await loggedIn();
    const change = async (from: string, to: string) => {
      await page.getByRole('button', { name: /account menu/ }).click();
      await page.getByRole('menuitem', { name: 'Change password' }).click();
      await page.getByLabel('Current password').fill(from);
      await page.getByLabel('New password', { exact: true }).fill(to);
      await page.getByLabel('New password again').fill(to);
      await page.getByRole('button', { name: 'Change password' }).click();
      await page.getByText('Your password is changed').waitFor();
      await page.getByRole('button', { name: 'Done' }).click();
    };
    await change(demo.line.password, 'another long password');
    await change('another long password', demo.line.password);
  });
});

describe('the Audit Log', () => {
  it('tells of this login by itself, and of one kind when asked', async () => {
    const visitor = await loggedIn();
    const { page } = visitor;
    await page.getByRole('link', { name: 'Audit Log' }).click();
    await page.getByRole('heading', { name: 'Audit Log', level: 1 }).waitFor();
    const login = page.getByRole('row').filter({ hasText: 'Logged in' }).first();
    await login.getByText(demo.line.user, { exact: true }).waitFor({ timeout: SOON });
    await login.getByText('from 127.0.0.1').waitFor();
    const founded = page.getByRole('row').filter({ hasText: 'The roster of the cluster was founded' });
    await founded.getByText(/^step \d+ of the roster$/).waitFor();
    expect(await visitor.seriousFaults()).toEqual([]);
    await page.getByLabel('Show').selectOption({ label: 'Users' });
    await page.getByRole('row').filter({ hasText: 'Administrator added' }).first().waitFor({ timeout: SOON });
    expect(await page.getByRole('row').filter({ hasText: 'Logged in' }).count()).toBe(0);
  });

  it('goes back in time page by page', async () => {
    const { page } = await loggedIn();
    await page.route('**/api/fleet/audit?*', (route) => {
      const url = new URL(route.request().url());
      url.searchParams.set('limit', '1');
      return route.continue({ url: url.href });
    });
    await page.goto(`${demo.line.urls[0]}/settings/audit`);
    const rows = page.getByRole('table').getByRole('row');
    await expect.poll(() => rows.count(), { timeout: SOON }).toBe(2);
    await page.getByRole('button', { name: 'Show older' }).click();
    await expect.poll(() => rows.count(), { timeout: SOON }).toBe(3);
  });
});

describe('on every page', () => {
  const paths = [
    '/',
    '/settings/cluster',
    '/settings/packages',
    '/settings/tokens',
    '/settings/audit',
    '/nowhere',
  ];

  it.each(['light', 'dark'] as const)('axe finds nothing serious, in the %s scheme', async (scheme) => {
    const stranger = await arrive({ scheme });
    await stranger.page.goto(demo.line.urls[0]);
    await stranger.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await stranger.seriousFaults()).toEqual([]);
    await stranger.page.goto(`${demo.line.urls[0]}/setup`);
    await stranger.page.getByRole('heading', { level: 1 }).waitFor();
    expect(await stranger.seriousFaults()).toEqual([]);

    const visitor = await loggedIn({ scheme });
    const machine = await visitor.page.getByRole('row').nth(1).getByRole('link').first().getAttribute('href');
    for (const path of [...paths, machine ?? '/']) {
      await visitor.page.goto(`${demo.line.urls[0]}${path}`);
      await visitor.page.getByRole('heading', { level: 1 }).waitFor();
      await visitor.page.waitForLoadState('load');
      expect(await visitor.seriousFaults(), path).toEqual([]);
    }
  });

  it('the table of nodes fits at 1280 px', async () => {
    const { page } = await loggedIn({ width: 1280 });
    await page.goto(`${demo.line.urls[0]}/settings/cluster`);
    const table = page.getByRole('region', { name: 'Table of nodes' });
    await table.getByRole('row').nth(3).waitFor({ timeout: SOON });
    expect(await table.evaluate((region) => region.scrollWidth - region.clientWidth)).toBe(0);
  });

  it('nothing runs out of the window at 390 px', async () => {
    const visitor = await loggedIn({ width: 390 });
    for (const path of paths) {
      await visitor.page.goto(`${demo.line.urls[0]}${path}`);
      await visitor.page.getByRole('heading', { level: 1 }).waitFor();
      expect(await visitor.overflow(), path).toBeLessThanOrEqual(0);
    }
  });
});
