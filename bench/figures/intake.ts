/**
 * Report intake by the whole server in a process of its own: guard, opening, judging, storing, and an answer only when
 * the report is durable (SQLite: synchronous=FULL; PostgreSQL: fsync and synchronous_commit on). The raw limit is a bare
 * fastify that echoes the same bodies to the same sender. All share the machine's cores with the sender, which is made
 * to need little: the echo is as fast as it can be, and our share of it as small. "After": on a database that holds so
 * many reports of the same 500 Macs (--history), beside the one that was empty; to write ten million takes an hour.
 */
import { type Figure, type Row, rowOf, shown } from '../figure.ts';
import { type Contender, openPostgresContenders, openSqliteContenders } from '../load/contender.ts';
import { type Echo, startEcho } from '../load/echo-server.ts';
import { type LoadResult, sendLoad } from '../load/load.ts';

const ROUNDS = 3;
const TURN_SECONDS = 2;
const CONNECTIONS = 64;
/** About what the echo takes in half a turn, and more than the server takes in a whole one: sealing costs time too. */
const STOCK = 15_000;

interface Turns {
  readonly echo: LoadResult[];
  readonly fresh: LoadResult[];
  readonly aged: LoadResult[];
}

export const intake: Figure = {
  name: 'intake',
  async measure({ history }) {
    const echo = await startEcho();
    const rows: Row[] = [];
    try {
      for (const open of [openSqliteContenders, openPostgresContenders]) {
        const { engine, fresh, aged, stop } = await open(history);
        try {
          rows.push(...rowsOf(engine, history, await compete(echo, fresh, aged)));
        } finally {
          await stop();
        }
      }
      return rows;
    } finally {
      echo.stop();
    }
  },
};

/** In turns, so that what else the machine does meets all of them alike. The first round is for the compiler. */
async function compete(echo: Echo, fresh: Contender, aged: Contender): Promise<Turns> {
  const turns: Turns = { echo: [], fresh: [], aged: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const results = {
      echo: await turn({ ...fresh, port: echo.port, path: '/' }),
      fresh: await turn(fresh),
      aged: await turn(aged),
    };
    if (round === 0) continue;
    for (const name of ['echo', 'fresh', 'aged'] as const) turns[name].push(results[name]);
  }
  return turns;
}

function turn(target: Contender): Promise<LoadResult> {
  return sendLoad({ ...target, connections: CONNECTIONS, seconds: TURN_SECONDS, stock: STOCK });
}

function rowsOf(engine: string, history: number, { echo, fresh, aged }: Turns): Row[] {
  const beside = (ours: readonly LoadResult[], raw: readonly LoadResult[], of: 'perSecond' | 'p99Ms') =>
    ours.map((result, i) => ({ value: result[of], raw: raw[i]?.[of] ?? null }));
  const reports = shown(history);
  return [
    rowOf({
      figure: `intake, ${engine}`,
      unit: 'reports/s',
      goal: { ratio: { atLeast: 0.3 } },
      rounds: beside(fresh, echo, 'perSecond'),
    }),
    rowOf({
      figure: `intake, ${engine}, slowest of a hundred`,
      unit: 'ms',
      goal: { value: { atMost: 100 } },
      rounds: beside(fresh, echo, 'p99Ms'),
    }),
    rowOf({
      figure: `intake, ${engine}, after ${reports} reports`,
      unit: 'reports/s',
      goal: { ratio: { atLeast: 0.9 } },
      rounds: beside(aged, fresh, 'perSecond'),
    }),
  ];
}
