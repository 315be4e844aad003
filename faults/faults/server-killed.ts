/** `kill -9` of a random server at a random moment between two heartbeats; then it is started again. */
import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { LiveServer } from '../../test/scenario/live-cluster.ts';
import { ordeal } from '../ordeal.ts';
import { finding, type Sign } from '../signs.ts';

export const serverKilled = ordeal({
  name: 'kill -9 of a server',
  about: 'a random server is killed at a random moment, and started again once the others have seen it',
  stand: 'cluster',
  minutes: ({ kills, timeoutSeconds, intervalSeconds }) =>
    (kills * (timeoutSeconds + 2.5 * intervalSeconds)) / 60,
  rounds: ({ kills }) => kills,
  lasts: 'until seen',
  strike: async (stand) => {
    const victim = stand.servers[randomInt(stand.servers.length)] as LiveServer;
    await wait(randomInt(stand.cluster.intervalMs)); // chance, not hope: where between two heartbeats it dies
    victim.process.signal('SIGKILL');
    return {
      victim,
      becomes: 'offline',
      told: { since: 'seen', sign: saysOffline(victim, stand.others(victim)) },
      heal: () => victim.process.start(),
    };
  },
});

export function saysOffline({ name }: LiveServer, by: readonly LiveServer[]): Sign {
  return {
    by,
    event: 'cluster.node.state',
    words: new RegExp(`Node ${name} is offline`),
    health: finding('node_offline', new RegExp(`^${name} has not been heard`)),
  };
}
