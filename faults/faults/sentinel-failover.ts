/** `kill -9` of the master that Sentinels watch: the servers follow to the replica, which has everything. */
import { eventually } from '../../test/scenario/eventually.ts';
import { ordeal } from '../ordeal.ts';

/** Milliseconds, before which no Sentinel calls the master down. */
const NOTICED_MS = 1000;
const FAILOVER_MS = 60_000;

export const sentinelFailover = ordeal({
  name: 'Sentinel failover',
  about: 'the Redis master is killed, and three Sentinels make the replica master',
  stand: 'sentinel',
  minutes: () => 0.5,
  lasts: () => NOTICED_MS,
  strike: async ({ backends, servers }) => {
    await backends.redis?.process.end();
    const isMaster = async () => (await backends.replica?.cli('role'))?.startsWith('master');
    return {
      told: {
        since: 'strike',
        sign: { by: servers, event: 'cluster.redis.away', words: /"node_id":"[^"]+".*"reason":"[^"]+"/ },
      },
      heal: () => eventually('the replica is the master', FAILOVER_MS, isMaster),
    };
  },
});
