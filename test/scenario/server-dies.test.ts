/**
 * One of three servers dies, in the middle of the work: the others say so in time, it comes back by itself, and
 * of all reports that were ever acknowledged none is lost and none is stored twice.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { NodeView } from '../../src/services/cluster/node-view.ts';
import { openSqliteReader } from '../../src/store/sql/sqlite.ts';
import type { AtlasProcess } from './atlas-process.ts';
import { eventually, type Took, timeUntil } from './eventually.ts';
import { FleetClient } from './fleet-client.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { ReportCrowd } from './report-crowd.ts';
import { ReportLedger } from './report-ledger.ts';
import { slowness } from './slowness.ts';
import { seldomLate, ViewWitness } from './view-witness.ts';

const WAIT_MS = 90_000;
const ROUNDS = 3;
const SENDERS = 6;
/** Intervals after which a server that stood still itself judges nobody for one timeout (protocol.md, 2). */
const STOOD_STILL_INTERVALS = 1.5;

let cluster: LiveCluster;
let ledger: ReportLedger;
let crowd: ReportCrowd;
let agent: AtlasProcess;
/** Names of the servers that were killed, in order. */
const killed: string[] = [];

beforeAll(async () => {
  cluster = await LiveCluster.start({ intervalSeconds: 1, timeoutSeconds: 4 });
  const key = new Secret(Buffer.from(cluster.secrets.encryptionKey, 'base64'));
  ledger = new ReportLedger(key);
  const urls = await Promise.all(cluster.servers.map(({ port }) => ledger.doorTo(port)));
  agent = cluster.agent(urls);
  await agent.start();
  crowd = new ReportCrowd({ urls, senders: SENDERS, apiKey: cluster.secrets.apiKey, key });
});

afterAll(async () => {
  await crowd?.stop();
  await ledger?.close();
  await cluster?.stop();
});

const others = (dead: LiveServer) => cluster.servers.filter((server) => server !== dead);

async function stateOf({ client }: LiveServer, nodeId: string): Promise<NodeView['state'] | undefined> {
  return (await client.nodes()).find((node) => node.node_id === nodeId)?.state;
}

const seesOffline = (server: LiveServer, dead: LiveServer, diedAtMs: number): Promise<Took> =>
  timeUntil(`${server.name} sees ${dead.name} offline`, WAIT_MS, diedAtMs, async () => {
    return (await stateOf(server, dead.name)) === 'offline';
  });

/** The bound of the issue, and by how much this machine kept us and the server waiting meanwhile. */
function limitMs({ stillMs, lateMs }: Took): number {
  const { timeoutMs, intervalMs } = cluster;
  const waitsMs = stillMs >= STOOD_STILL_INTERVALS * intervalMs ? timeoutMs : 0;
  return timeoutMs + intervalMs + lateMs + waitsMs;
}

/** Machines of the crowd and this one: all of them report. */
async function reportsFlow(): Promise<void> {
  const before = ledger.acknowledged.size;
  await eventually(
    'reports are acknowledged',
    WAIT_MS,
    () => ledger.acknowledged.size > before + 3 * SENDERS,
  );
}

describe('kill -9', () => {
  for (let round = 1; round <= ROUNDS; round += 1) {
    it(`of a random server at a random moment is seen in time by both others, and heals by itself (round ${round})`, async () => {
      await reportsFlow();
      const dead = cluster.servers[randomInt(cluster.servers.length)] as LiveServer;
      const moment = randomInt(cluster.intervalMs);
      await wait(moment); // chance, not hope: where between two heartbeats it dies
      killed.push(dead.name);
      const diedAtMs = performance.now();
      dead.process.signal('SIGKILL');
      const seen = await Promise.all(others(dead).map((server) => seesOffline(server, dead, diedAtMs)));
      const alive = others(dead).flatMap((server) => others(dead).map(({ name }) => stateOf(server, name)));
      const states = await Promise.all(alive);
      await reportsFlow();
      await dead.process.start();
      await cluster.settled();

      expect(states.map((state) => state && seldomLate(state))).toEqual(Array(4).fill('healthy'));
      for (const one of seen)
        expect(one.afterMs, `${dead.name}, ${moment} ms, ${one.stillMs}`).toBeLessThanOrEqual(limitMs(one));
    });
  }

  it('is the only thing that makes anybody offline: nobody who lives is declared dead', () => {
    for (const { process, name } of cluster.servers) {
      const declared = [...process.log().matchAll(/Node (\S+) is offline/g)].map(([, nodeId]) => nodeId);
      expect(declared).toEqual(killed.filter((dead) => dead !== name));
    }
  });
});

describe('SIGTERM', () => {
  it('says draining first, then left, ends with 0 within 10 s, and the peers show it left', async () => {
    const [leaving, ...staying] = cluster.servers as [LiveServer, LiveServer, LiveServer];
    const door = new FleetClient(leaving.url);
    const asked = performance.now();
    // All of it at once: it drains for three seconds, on a busy machine too.
    const said = Promise.all([
      eventually('its health says draining while it still answers', WAIT_MS, async () => {
        const answer = await door.ask('/api/fleet/cluster/health');
        const health = (await answer.json()) as { status: string };
        return answer.status === 503 && health.status === 'draining';
      }),
      eventually('it is not ready', WAIT_MS, async () => (await door.ask('/readyz')).status === 503),
      ...staying.map((server) =>
        eventually(`${server.name} sees it draining`, WAIT_MS, async () => {
          return (await stateOf(server, leaving.name)) === 'draining';
        }),
      ),
    ]);
    const ended = leaving.process.terminate();
    await said;
    expect(await ended).toBe(0);
    const tookMs = performance.now() - asked;
    expect(tookMs).toBeLessThan(10_000 * (await slowness()));
    for (const server of staying) {
      await eventually(`${server.name} sees it left`, WAIT_MS, async () => {
        return (await stateOf(server, leaving.name)) === 'left';
      });
    }
    const witness = new ViewWitness(staying);
    await wait(cluster.timeoutMs + cluster.intervalMs); // the time in which silence would become a death
    await witness.stop();
    expect(witness.views.flat().filter((line) => line.startsWith(leaving.name))).toEqual([
      expect.stringMatching(/^\S+ left /),
    ]);
    await reportsFlow();
  });
});

describe('of all reports that were acknowledged', () => {
  it('none is lost and none is stored twice', async () => {
    await crowd.stop();
    expect(await agent.terminate()).toBe(0);
    for (const { process } of cluster.servers) await process.terminate();
    const rows = readDatabase();

    const acknowledged = [...ledger.acknowledged.values()];
    const nonces = new Map(rows.nonces.map((nonce) => [nonce, 1]));
    expect(acknowledged.filter(({ nonce }) => !nonces.has(nonce))).toEqual([]);
    const stored = Map.groupBy(rows.reports, (report) => report);
    const times = (one: { machineId: string; takenAtMs: number }) =>
      stored.get(`${one.machineId} ${one.takenAtMs}`)?.length ?? 0;
    expect(acknowledged.filter((one) => times(one) === 0)).toEqual([]);
    expect(acknowledged.filter((one) => times(one) > 1)).toEqual([]);
    expect(rows.reports).toHaveLength(rows.nonces.length);

    const machines = new Set(acknowledged.map(({ machineId }) => machineId));
    expect(machines.size).toBe(SENDERS + 1);
    expect(acknowledged.length).toBeGreaterThan(200);
    expect(ledger.cut).toBeGreaterThan(0);
  });

  function readDatabase() {
    const file = openSqliteReader(cluster.databasePath, cluster.databaseKey);
    try {
      const nonces = file.prepare('select hex(nonce) as nonce from nonces').all() as { nonce: string }[];
      const reports = file
        .prepare(
          "select machine_id || ' ' || taken_at_ms as name from reports join machines using (machine_no)",
        )
        .all() as { name: string }[];
      return {
        nonces: nonces.map(({ nonce }) => nonce.toLowerCase()),
        reports: reports.map(({ name }) => name),
      };
    } finally {
      file.close();
    }
  }
});
