/** What one heartbeat asks of Redis, with 20 and with 256 members: commands by its own count, and round trips. */
import { RedisServer } from '../../test/backends/redis.ts';
import { type Figure, type Round, type Row, rowOf } from '../figure.ts';
import { enrolPeers, joinAsObserver } from '../registry/full-registry.ts';
import { SlowLink } from '../registry/slow-link.ts';

const SIZES = [20, 256] as const;
const ROUNDS = 3;
/** What a connection says of itself, and what counts: not the heartbeat's. */
const NOT_COUNTED = /^cmdstat_(ping|info|hello|client\||select|config)/;

async function commandsOf(redis: RedisServer): Promise<number> {
  const stats = await redis.cli('INFO', 'commandstats');
  const lines = stats.split(/\r?\n/).filter((line) => line.startsWith('cmdstat_') && !NOT_COUNTED.test(line));
  return lines.reduce((sum, line) => sum + Number(/calls=(\d+)/.exec(line)?.[1]), 0);
}

async function measureSize(size: number): Promise<Row[]> {
  const redis = await RedisServer.start();
  const link = await SlowLink.to(redis.port);
  const commands: Round[] = [];
  const trips: Round[] = [];
  try {
    const peers = await enrolPeers(redis, size);
    const observer = await joinAsObserver(link.port, peers.length);
    for (let i = 0; i < ROUNDS; i += 1) {
      const before = await commandsOf(redis);
      trips.push({ value: await link.roundTrips(() => observer.heartbeat.drain()), raw: null });
      commands.push({ value: (await commandsOf(redis)) - before, raw: null });
    }
    await observer.stop();
  } finally {
    link.close();
    await redis.stop();
  }
  const of = `heartbeat among ${size} members`;
  return [
    rowOf({ figure: of, unit: 'commands', goal: { value: { atMost: 4 } }, rounds: commands }),
    rowOf({ figure: of, unit: 'round trips', goal: { value: { atMost: 1 } }, rounds: trips }),
  ];
}

export const heartbeat: Figure = {
  name: 'heartbeat',
  async measure() {
    const rows: Row[] = [];
    for (const size of SIZES) rows.push(...(await measureSize(size)));
    return rows;
  },
};
