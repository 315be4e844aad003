/**
 * Report intake by the whole server in a process of its own: guard, opening, judging, storing, and an answer only when the
 * report is durable (SQLite: synchronous=FULL). The raw limit is a bare fastify that echoes the same bodies to the same
 * sender. Both share the machine's cores with the sender.
 */
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { openSqliteStores } from '../../src/store/sql/sqlite-stores.ts';
import { LiveCluster } from '../../test/scenario/live-cluster.ts';
import { type Figure, type Row, rowOf } from '../figure.ts';
import { type Echo, startEcho } from '../load/echo-server.ts';
import { fill } from '../load/fill.ts';
import { type LoadResult, sendLoad } from '../load/load.ts';

const ROUNDS = 4;
const TURN_SECONDS = 2;
const CONNECTIONS = 64;
/** About what the echo takes in half a turn, and more than the server takes in a whole one. */
const STOCK = 25_000;

interface Contender {
  readonly name: string;
  readonly cluster: LiveCluster;
}

async function turn(port: number, path: string, secrets: LiveCluster['secrets']): Promise<LoadResult> {
  const { apiKey, encryptionKey } = secrets;
  const load = { port, path, apiKey, encryptionKey, connections: CONNECTIONS };
  return sendLoad({ ...load, seconds: TURN_SECONDS, stock: STOCK });
}

async function open(name: string, history: number): Promise<Contender> {
  const cluster = await LiveCluster.start({ servers: 1 });
  const { databasePath: path, databaseKey: key } = cluster;
  const stores = await openSqliteStores({ path, key, clock: systemClock, log: silentLog });
  await fill(stores.reports, history);
  await stores.close();
  return { name, cluster };
}

export const intake: Figure = {
  name: 'intake',
  async measure({ history }) {
    const echo = await startEcho();
    const contenders: Contender[] = [];
    try {
      contenders.push(await open('SQLite', 0));
      contenders.push(await open(`SQLite with ${history.toLocaleString('en-US')} reports`, history));
      return await compete(echo, contenders);
    } finally {
      echo.stop();
      for (const { cluster } of contenders) await cluster.stop();
    }
  },
};

/** In turns, so that what else the machine does meets all of them alike. */
async function compete(echo: Echo, contenders: readonly Contender[]): Promise<Row[]> {
  const [first] = contenders;
  if (first === undefined) return [];
  const results = new Map(
    contenders.map(({ name }) => [name, [] as { ours: LoadResult; raw: LoadResult }[]]),
  );
  for (let round = 0; round <= ROUNDS; round += 1) {
    const raw = await turn(echo.port, '/', first.cluster.secrets);
    for (const { name, cluster } of contenders) {
      const [server] = cluster.servers;
      const ours = await turn(server?.port ?? 0, '/api/fleet/report', cluster.secrets);
      if (round > 0) results.get(name)?.push({ ours, raw }); // the first round is for the compiler
    }
  }
  return [...results].flatMap(([name, rounds]) => [
    rowOf({
      figure: `intake, ${name}`,
      unit: 'reports/s',
      goal: { ratio: { atLeast: 0.3 } },
      rounds: rounds.map(({ ours, raw }) => ({ value: ours.perSecond, raw: raw.perSecond })),
    }),
    rowOf({
      figure: `p99, ${name}`,
      unit: 'ms',
      goal: { value: { atMost: 100 } },
      rounds: rounds.map(({ ours, raw }) => ({ value: ours.p99Ms, raw: raw.p99Ms })),
    }),
  ]);
}
