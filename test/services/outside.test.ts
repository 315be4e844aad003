import { expect, it } from 'vitest';
import { RateLimitedLog } from '../../src/base/log.ts';
import { SmallCluster } from './small-cluster.ts';

it('says in its log once a minute, with the mend, that nobody will admit it', async () => {
  const small = new SmallCluster({ intervalMs: 1000, timeoutMs: 3000 }, { roster: true });
  const a = await small.start('a');
  await small.intervals(2);
  await a.cluster.trust?.keeper.propose(() => [{ op: 'admission', admission: 'ticket' }]);
  const b = await small.start('b');
  const said = () => b.log.lines.filter(({ event }) => event === 'cluster.roster.outside');

  await small.intervals(20);
  expect(said()).toMatchObject([
    { level: 'warn', sentence: 'b is not a member, and nobody admits it without a ticket.' },
  ]);
  expect(said()[0]?.fields.hint).toContain('cluster ticket create');
  await small.time.advance(RateLimitedLog.INTERVAL_MS);
  expect(said()).toHaveLength(2);

  await a.cluster.trust?.keeper.propose(() => [{ op: 'admission', admission: 'secret' }]);
  await small.intervals(3);
  await small.time.advance(2 * RateLimitedLog.INTERVAL_MS);
  expect(b.cluster.trust?.standing).toBe('member');
  expect(said()).toHaveLength(2);
});
