/**
 * The data folder of a running server is copied and started beside it: one named alarm on the others, one server in
 * their view that is healthy all the time, and after the mend that the alarm names, two servers.
 */
import { randomBytes } from 'node:crypto';
import { cpSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { NONCE_BYTES, sealReport } from '../../src/protocol/report-envelope.ts';
import { makeReport } from '../fakes/report.ts';
import { eventually } from './eventually.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { ViewWitness } from './view-witness.ts';

const WAIT_MS = 90_000;
const NAME = 'server-02';

let cluster: LiveCluster;
let original: LiveServer;
let copy: LiveServer;
let third: LiveServer;

beforeAll(async () => {
  cluster = await LiveCluster.start();
  [, original, third] = cluster.servers as [LiveServer, LiveServer, LiveServer];
  copy = await cluster.add({ values: { 'cluster.node_id': NAME } });
  copyData(original, copy, []);
});

afterAll(() => cluster?.stop());

/** `cp -r`, but for what has to be its own, and for what is left out. */
function copyData(from: LiveServer, to: LiveServer, without: readonly string[]): void {
  const own = ['config.yaml', 'log', 'ctl', ...without];
  cpSync(from.dataDir, to.dataDir, { recursive: true, filter: (path) => !own.includes(basename(path)) });
}

const codesAbout = async ({ client }: LiveServer, nodeId: string) =>
  (await client.health()).findings
    .filter(({ sentence }) => sentence.includes(nodeId))
    .map(({ code }) => code);

const addressOf = ({ port }: LiveServer) => `127.0.0.1:${port}`;

async function report(to: LiveServer): Promise<number> {
  const key = new Secret(Buffer.from(cluster.secrets.encryptionKey, 'base64'));
  const taken = makeReport({ machineId: 'of-the-copy', atMs: Date.now() });
  const body = Buffer.from(sealReport(taken, key, randomBytes(NONCE_BYTES)));
  const headers = { 'content-type': 'application/json', 'x-api-key': cluster.secrets.apiKey };
  return (await to.client.ask('/api/fleet/report', { method: 'POST', headers, body })).status;
}

describe('a copy of a data folder, started', () => {
  it('is one alarm on the others, with the name and both addresses', async () => {
    await copy.process.start();
    for (const server of [third, cluster.servers[0] as LiveServer]) {
      await eventually(`${server.name} says so`, WAIT_MS, async () => {
        const { findings, overall } = await server.client.health();
        const sentence = findings.find(({ code }) => code === 'node_cloned')?.sentence ?? '';
        const isNamed = [original, copy].every((twin) => sentence.includes(addressOf(twin)));
        return overall === 'critical' && sentence.startsWith(`${NAME} runs twice at `) && isNamed;
      });
    }
  });

  it('changes nothing in their view from then on: one server of that name, healthy', async () => {
    await eventually('one is silent', WAIT_MS, async () =>
      (await codesAbout(copy, NAME)).includes('silent_beside_twin'),
    );
    await eventually('the third hears the one that speaks', WAIT_MS, async () => {
      const seen = (await third.client.nodes()).find((node) => node.node_id === NAME);
      return seen?.state === 'healthy' && seen.port === original.port;
    });
    const witness = new ViewWitness([third]);
    await wait(2 * cluster.timeoutMs); // the time in which silence would become a death, twice
    await witness.stop();
    expect(witness.views.flatMap((view) => view.filter((line) => line.startsWith(NAME)))).toEqual([
      expect.stringMatching(`^${NAME} healthy ${addressOf(original)} `),
    ]);
    expect(await codesAbout(third, NAME)).toEqual(['node_cloned']);
  });

  it('says on its own page that nobody hears it, and takes reports all the same', async () => {
    const { findings, nodes } = await copy.client.health();
    const [finding] = findings.filter(({ code }) => code === 'silent_beside_twin');
    expect(finding).toMatchObject({ severity: 'critical', mend: expect.stringContaining('identity.json') });
    expect(finding?.sentence).toContain(addressOf(original));
    expect(nodes.find((node) => node.this_node)?.state).toBe('unconfirmed');
    expect(await report(copy)).toBe(200);
  });

  it('falls silent again when it is started again', async () => {
    await copy.process.terminate();
    await copy.process.start();
    await eventually('it is silent', WAIT_MS, async () =>
      (await codesAbout(copy, NAME)).includes('silent_beside_twin'),
    );
    expect((await codesAbout(original, NAME)).filter((code) => code === 'silent_beside_twin')).toEqual([]);
  });

  it('mended as the alarm says, is one server more, and the alarm ends with a restart', async () => {
    await copy.process.terminate();
    const apart = await cluster.add();
    copyData(copy, apart, ['identity.json']);
    await apart.process.start();
    await original.process.terminate();
    await original.process.start();
    await cluster.settled();
    for (const server of [third, apart]) expect(await codesAbout(server, NAME)).not.toContain('node_cloned');
  });
});
