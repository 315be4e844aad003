/** How a server comes to its roster, and goes from it. */
import { expect, it } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const small = () => new SmallCluster({ intervalMs: 1000, timeoutMs: 3000 }, { roster: true });

it('starts while the backend is away, and has its roster as soon as that is back', async () => {
  const cluster = small();
  cluster.roster.away = true;
  const { trust } = (await cluster.start('a')).cluster;
  expect(trust?.roster).toBe(null);
  cluster.roster.away = false;
  await cluster.intervals(2);
  expect(trust?.standing).toBe('member');
});

it('does not start over a fault of its own', async () => {
  const cluster = small();
  cluster.roster.read = async () => {
    throw new TypeError('a fault of ours');
  };
  await expect(cluster.start('a')).rejects.toThrow('a fault of ours');
});

it('carries no rotation on once it has stopped', async () => {
  const cluster = small();
  const { trust } = (await cluster.start('a')).cluster;
  await trust?.rotation.begin();
  await trust?.stop();
  await cluster.intervals(5);
  expect(trust?.roster?.pending?.phase).toBe('prepared');
});
