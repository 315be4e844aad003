/** Redis goes away for a minute, in two ways: it is gone and comes back empty; it hangs and answers nothing. */

import type { LiveServer } from '../../test/scenario/live-cluster.ts';
import { ordeal } from '../ordeal.ts';
import { finding, type Sign } from '../signs.ts';
import type { Stand } from '../stand.ts';

const minute = ({ minuteMs }: { minuteMs: number }) => minuteMs;
const minutes = ({ minuteMs }: { minuteMs: number }) => minuteMs / 60_000 + 0.5;

export const redisEmptied = ordeal({
  name: 'Redis restarted empty',
  about: 'Redis is killed, and after a minute started with nothing in it',
  stand: 'cluster',
  minutes,
  lasts: minute,
  strike: async (stand) => {
    const { process } = redisOf(stand);
    await process.end();
    return { told: { since: 'strike', sign: saysUnavailable(stand.servers) }, heal: () => process.start() };
  },
});

export const redisPaused = ordeal({
  name: 'Redis paused',
  about: 'Redis is stopped by SIGSTOP for a minute: connections stay open, and nothing answers',
  stand: 'cluster',
  minutes,
  lasts: minute,
  strike: async (stand) => {
    const { process } = redisOf(stand);
    process.signal('SIGSTOP');
    return {
      told: { since: 'strike', sign: saysUnavailable(stand.servers) },
      heal: async () => process.signal('SIGCONT'),
    };
  },
});

function redisOf({ backends }: Stand) {
  if (backends.redis === undefined) throw new Error('this stand has no Redis');
  return backends.redis;
}

export function saysUnavailable(by: readonly LiveServer[]): Sign {
  return {
    by,
    event: 'cluster.registry.unavailable',
    words: /"node_id":"[^"]+".*"reason":"[^"]+"/,
    health: (health, ready) =>
      ready.status === 'ready' &&
      ready.degraded &&
      health.backend.state === 'unavailable' &&
      finding('registry_unavailable', /unavailable since/)(health, ready),
  };
}
