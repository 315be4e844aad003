/**
 * A program in another language, written from docs/protocol alone, among real servers: it becomes a member, verifies
 * all that they write, and is refused by each of them, with the code of the document, for every field that it alters.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisServer } from '../backends/redis.ts';
import { eventually } from '../scenario/eventually.ts';
import { FileIntruder } from '../scenario/file-intruder.ts';
import { runForeign } from '../scenario/foreign-program.ts';
import { LiveCluster, type LiveServer } from '../scenario/live-cluster.ts';
import { fieldsOf } from '../scenario/registry-intruder.ts';
import { ViewWitness } from '../scenario/view-witness.ts';
import { type Alteration, ForeignMember, type Place, PROGRAM, PYTHON } from './foreign-member.ts';

const WAIT_MS = 120_000;
/** Members that alter their records at the same time, each one field after the other. */
const MEMBERS = 4;

const vectorsOf = (name: string) => fileURLToPath(new URL(`../vectors/${name}.json`, import.meta.url));

/** The lines that the program said, and how it ended. */
async function asked(...args: readonly string[]) {
  const ran = await runForeign(PYTHON, '-B', PROGRAM, ...args);
  const { code, stdout, stderr } = ran ?? expect.fail('no python3');
  expect(stderr).toBe('');
  return {
    code,
    lines: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

/** How the program finds the cluster; its secret is in a file. */
function doorTo(cluster: LiveCluster, registry: string): string[] {
  const secretFile = join(cluster.folder, 'cluster-secret');
  writeFileSync(secretFile, `${cluster.secrets.clusterSecret}\n`, { mode: 0o600 });
  return [registry, '--cluster', cluster.secrets.clusterId, '--secret-file', secretFile];
}

async function seenAs(server: LiveServer, nodeId: string, state: string, at: Partial<Place> = {}) {
  return eventually(`${server.name} sees ${nodeId} ${state}`, WAIT_MS, async () => {
    const view = (await server.client.nodes()).find((node) => node.node_id === nodeId);
    return view?.state === state && view.sequence >= (at.sequence ?? 0) ? view : undefined;
  });
}

it('judges every vector of docs/protocol as it stands there', async () => {
  const { code, lines } = await asked('vectors', vectorsOf('records'), vectorsOf('roster'));
  expect(lines).toEqual([
    { vectors: 'records.json', judged: expect.any(Number), wrong: [] },
    { vectors: 'roster.json', judged: expect.any(Number), wrong: [] },
  ]);
  expect(code).toBe(0);
});

describe('among three servers on files', () => {
  let cluster: LiveCluster;
  let door: string[];
  let members: ForeignMember[];

  beforeAll(async () => {
    cluster = await LiveCluster.start({ timeoutSeconds: 10 });
    door = doorTo(cluster, `file:${cluster.registry}`);
    members = Array.from({ length: MEMBERS }, (_, i) => new ForeignMember(`foreign-0${i + 1}`, door));
  });

  afterAll(async () => {
    for (const member of members ?? []) member.stop();
    await cluster?.stop();
  });

  it('is a member, healthy and verified at every server', async () => {
    for (const server of cluster.servers)
      for (const { nodeId } of members)
        expect(await seenAs(server, nodeId, 'healthy')).toMatchObject({
          host: `${nodeId}.example.org`,
          port: 8768,
          version: 'interop-1',
          signature: 'verified',
        });
    for (const { client } of cluster.servers) expect((await client.health()).refusals).toEqual([]);
  });

  it('verifies every record of every server, and each step of the roster', async () => {
    const { code, lines } = await asked('witness', ...door, '--roster');
    const roster = lines.pop();
    const names = [...cluster.servers.map(({ name }) => name), ...members.map(({ nodeId }) => nodeId)];
    expect(lines.map(({ node_id, verified, state }) => [node_id, verified, state]).sort()).toEqual(
      names.map((name) => [name, true, 'up']).sort(),
    );
    expect(roster).toMatchObject({
      roster: names.length - 1,
      verified: true,
      members: Object.fromEntries(lines.map(({ node_id, key }) => [node_id, key])),
    });
    expect(code).toBe(0);
  });

  it('alters each field that a server writes', async () => {
    const alterations = (await members[0]?.alterations()) ?? [];
    const intruder = new FileIntruder(cluster.registry);
    for (const type of ['node', 'heartbeat'] as const) {
      const written = Object.keys(await fieldsOf(intruder, { type, nodeId: 'server-01' }));
      const altered = alterations.filter((one) => one.type === type).map(({ field }) => field);
      expect(altered).toEqual(expect.arrayContaining(written));
    }
  });

  it('is refused for every field altered, at every server, and moves no view', async () => {
    const alterations = (await members[0]?.alterations()) ?? [];
    const witness = new ViewWitness(cluster.servers);
    const refused = new Set<string>();
    await mended();
    for (let next = 0; next < alterations.length; next += MEMBERS)
      for (const key of await refusedEverywhere(alterations.slice(next, next + MEMBERS))) refused.add(key);
    await witness.stop();
    expect(witness.looks).toBeGreaterThan(alterations.length);
    // An altered heartbeat silences its own sender while it lies there, and a busy machine all of them.
    const views = witness.views
      .filter((lines) => !lines[0]?.startsWith('no answer'))
      .map((lines) =>
        lines.map((line) => line.replace(/^(\S+) (?:healthy|late|offline|silenced) /, '$1 member ')),
      );
    expect([...new Set(views.map(String))]).toEqual([String(views[0])]);
    for (const server of cluster.servers) expect(new Set((await refusalsAt(server)).keys())).toEqual(refused);
  }, 600_000);

  it('is seen to leave', async () => {
    for (const member of members) await member.leave();
    for (const server of cluster.servers)
      for (const { nodeId } of members) await seenAs(server, nodeId, 'left');
  });

  /** The true records are back, and every server has read the newest. */
  async function mended(): Promise<void> {
    await Promise.all(
      members.map(async (member) => {
        const place = await member.mend();
        for (const server of cluster.servers) await seenAs(server, member.nodeId, 'healthy', place);
      }),
    );
  }

  /** Each by a member of its own. Returns what every server counted. */
  async function refusedEverywhere(alterations: readonly Alteration[]): Promise<string[]> {
    const altered = alterations.map((alteration, i) => {
      const member = members[i] ?? expect.fail('more alterations than members');
      const claims = alteration.claims ?? member.nodeId;
      const key = `${alteration.code} ${claims} fleet:cluster:${alteration.type}:${member.nodeId}`;
      return { member, alteration, key };
    });
    const keys = altered.map(({ key }) => key);
    const before = await Promise.all(cluster.servers.map(refusalsAt));
    await Promise.all(altered.map(({ member, alteration }) => member.alter(alteration)));
    const titles = altered.map(({ alteration, key }) => `${alteration.name}: ${key}`).join(', ');
    await eventually(`refused at all: ${titles}`, WAIT_MS, async () => {
      const counts = await Promise.all(cluster.servers.map(refusalsAt));
      return counts.every((now, i) => keys.every((key) => (now.get(key) ?? 0) > (before[i]?.get(key) ?? 0)));
    });
    await mended();
    return keys;
  }
});

/** How often each was refused, by code, claimed name and slot. */
async function refusalsAt({ client }: LiveServer): Promise<Map<string, number>> {
  const { refusals } = await client.health();
  return new Map(refusals.map(({ code, node_id, slot, count }) => [`${code} ${node_id} ${slot}`, count]));
}

describe('among two servers on Redis', () => {
  let redis: RedisServer;
  let cluster: LiveCluster;
  let member: ForeignMember;

  beforeAll(async () => {
    redis = await RedisServer.start();
    cluster = await LiveCluster.start({ servers: 2, redis });
    member = new ForeignMember('foreign-01', doorTo(cluster, redis.url));
  });

  afterAll(async () => {
    member?.stop();
    await cluster?.stop();
    await redis?.stop();
  });

  it('is a member, verifies all the others, and leaves', async () => {
    for (const server of cluster.servers)
      expect(await seenAs(server, 'foreign-01', 'healthy')).toMatchObject({ signature: 'verified' });
    const { code, lines } = await asked('witness', ...doorTo(cluster, redis.url), '--roster');
    expect(lines.map(({ verified }) => verified)).toEqual([true, true, true, true]);
    expect(code).toBe(0);
    await member.leave();
    for (const server of cluster.servers) {
      await seenAs(server, 'foreign-01', 'left');
      expect((await server.client.health()).refusals).toEqual([]);
    }
  });
});
