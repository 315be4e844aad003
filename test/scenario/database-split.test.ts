/** Servers that find each other, and do not share a database: the mistake of who forgot a line when copying a config. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { LiveCluster } from './live-cluster.ts';

const WAIT_MS = 90_000;

let cluster: LiveCluster;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 2 });
});

afterAll(() => cluster?.stop());

it('is no healthy cluster: each says who keeps its data elsewhere', async () => {
  for (const { client } of cluster.servers) expect((await client.health()).findings).toEqual([]);
  const stray = await cluster.add({
    values: { 'database.url': `sqlite:${join(cluster.folder, 'another.db')}` },
  });
  await stray.process.start();
  for (const { name, client } of cluster.servers.slice(0, 2)) {
    const health = await eventually(`${name} finds out`, WAIT_MS, async () => {
      const now = await client.health();
      return now.findings.some(({ code }) => code === 'database_split') && now;
    });
    expect(health.verdict).toBe(
      `Critical: ${stray.name} and ${name} do not keep their data in the same database: each shows only the reports and users of its own.`,
    );
  }
});
