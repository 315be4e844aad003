/** `kill -9` of PostgreSQL, which stays away for a minute: agents spool, nothing is acknowledged, nothing is lost. */
import { ordeal } from '../ordeal.ts';
import { finding } from '../signs.ts';

export const postgresKilled = ordeal({
  name: 'kill -9 of PostgreSQL',
  about: 'PostgreSQL is killed with all its processes, and started again after a minute',
  stand: 'cluster',
  minutes: ({ minuteMs }) => minuteMs / 60_000 + 1.5,
  lasts: ({ minuteMs }) => minuteMs,
  spools: true,
  strike: async (stand) => {
    const process = stand.backends.postgres?.process;
    await process?.end();
    return {
      told: {
        since: 'strike',
        sign: {
          by: stand.servers,
          event: 'store.not_writable',
          words: /"node_id":"[^"]+".*"reason":"[^"]+"/,
          health: finding('database_unavailable', /PostgreSQL/),
        },
      },
      heal: async () => process?.start(),
    };
  },
});
