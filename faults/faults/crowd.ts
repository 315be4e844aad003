/**
 * The whole fleet at work, and every half minute a random server dies, for five minutes: started again after some
 * seconds, before the others have had the time to notice.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { LiveServer } from '../../test/scenario/live-cluster.ts';
import type { Fault } from '../fault.ts';
import { Standards } from '../standards.ts';

const NAME = 'the crowd';
const WELL_MS = 120_000;

export const crowd: Fault = {
  name: NAME,
  about: 'the fleet reports through HAProxy, and a random server is killed every 30 s, for five minutes',
  stand: 'cluster',
  minutes: ({ crowdMs }) => crowdMs / 60_000 + 0.5,
  async run(stand, { crowdMs, killEveryMs, awayMs }) {
    await stand.wellAgain(WELL_MS);
    const standards = await Standards.begin(NAME, stand);
    const fromMs = performance.now();
    const kills = Math.floor(crowdMs / killEveryMs);
    for (let kill = 0; kill < kills; kill += 1) {
      await until(fromMs + kill * killEveryMs + randomInt(killEveryMs / 3));
      const victim = stand.servers[randomInt(stand.servers.length)] as LiveServer;
      await victim.process.kill();
      await wait(awayMs);
      await victim.process.start();
    }
    await until(fromMs + crowdMs);
    await stand.wellAgain(WELL_MS);
    const by = [...stand.fleet.book.byServer(fromMs)].sort().map(([name, count]) => `${name} ${count}`);
    return [
      { fault: NAME, figure: 'servers killed', value: kills, unit: 'count' },
      { fault: NAME, figure: 'acknowledged by', value: by.join(', '), unit: 'text' },
      ...(await standards.figures()),
    ];
  },
};

const until = (atMs: number) => wait(Math.max(0, atMs - performance.now()));
