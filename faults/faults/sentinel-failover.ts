/** `kill -9` of the master that Sentinels watch: the servers follow to the replica, which has everything. */
import { ordeal } from '../ordeal.ts';

/** Milliseconds: down-after (1 s), the election, and the failover itself. */
const FAILOVER_MS = 6000;

export const sentinelFailover = ordeal({
  name: 'Sentinel failover',
  about: 'the Redis master is killed, and three Sentinels make the replica master',
  stand: 'sentinel',
  minutes: () => 0.5,
  lasts: () => FAILOVER_MS,
  strike: async (stand) => {
    await stand.backends.redis?.process.end();
    // The fault ends by itself: when the replica has become the master.
    return { heal: async () => {} };
  },
});
