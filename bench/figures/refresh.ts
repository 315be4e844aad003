/**
 * One look at a registry in Redis where nothing has changed, with 20 and with 256 members: reading, telling that all is
 * as it was, and judging who lives. The raw limit reads the same values in one pipeline of GETRANGE and does nothing
 * with them.
 */
import { createClient, RESP_TYPES } from 'redis';
import { RECORD_MAX_BYTES } from '../../src/protocol/limits.ts';
import { slotKey } from '../../src/protocol/registry-key.ts';
import { RedisServer } from '../../test/backends/redis.ts';
import { type Figure, type Round, type Row, rowOf } from '../figure.ts';
import { enrolPeers, joinAsObserver } from '../registry/full-registry.ts';
import { SlowLink } from '../registry/slow-link.ts';

const SIZES = [20, 256] as const;
const ROUNDS = 15;
/** Refreshes in one turn. */
const TURN = 20;
const UNHURRIED_ROUNDS = 3;

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  for (let i = 0; i < TURN; i += 1) await work();
  return (performance.now() - begun) / TURN;
}

async function openRaw(port: number, peers: readonly string[]) {
  const client = createClient({
    RESP: 3,
    socket: { host: '127.0.0.1', port },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  await client.connect();
  const keys = peers.flatMap((peer) => [slotKey('heartbeat', peer), slotKey('node', peer)]);
  const read = () => Promise.all(keys.map((key) => client.getRange(key, 0, RECORD_MAX_BYTES)));
  return { read, close: () => client.destroy() };
}

async function timed(redis: RedisServer, peers: readonly string[]): Promise<Round[]> {
  const observer = await joinAsObserver(redis.port, peers.length);
  const raw = await openRaw(redis.port, peers);
  const refresh = () => observer.watch.refresh();
  const round = async () => ({ value: await milliseconds(refresh), raw: await milliseconds(raw.read) });
  const rounds: Round[] = [];
  for (let i = 0; i <= ROUNDS; i += 1) rounds.push(await round());
  await observer.stop();
  raw.close();
  return rounds.slice(1); // the first is for the compiler
}

async function counted(redis: RedisServer, peers: readonly string[]): Promise<Round[]> {
  const link = await SlowLink.to(redis.port);
  const observer = await joinAsObserver(link.port, peers.length);
  const rounds: Round[] = [];
  for (let i = 0; i < UNHURRIED_ROUNDS; i += 1) {
    rounds.push({ value: await link.roundTrips(() => observer.watch.refresh()), raw: null });
  }
  await observer.stop();
  link.close();
  return rounds;
}

async function measureSize(size: number): Promise<Row[]> {
  const redis = await RedisServer.start();
  try {
    const peers = await enrolPeers(redis, size);
    const of = `refresh of ${size} members`;
    const times = await timed(redis, peers);
    return [
      rowOf({ figure: of, unit: 'ms', goal: { ratio: { atMost: 3 } }, rounds: times }),
      rowOf({
        figure: of,
        unit: 'round trips',
        goal: { value: { atMost: 3 } },
        rounds: await counted(redis, peers),
      }),
    ];
  } finally {
    await redis.stop();
  }
}

export const refresh: Figure = {
  name: 'refresh',
  async measure() {
    const rows: Row[] = [];
    for (const size of SIZES) rows.push(...(await measureSize(size)));
    return rows;
  },
};
