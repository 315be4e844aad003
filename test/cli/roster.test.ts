/** `cluster roster` and `cluster evict` as commands: who admitted whom, and what an eviction leaves to be done. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RedisServer } from '../backends/redis.ts';
import { LiveCluster } from '../scenario/live-cluster.ts';
import { TrustClient } from '../scenario/trust-client.ts';
import { atlasFleet, PROGRAM } from './atlas-fleet.ts';

let redis: RedisServer;
let cluster: LiveCluster;

beforeAll(async () => {
  redis = await RedisServer.start({ password: 'a password of Redis that the evicted one knows' });
  cluster = await LiveCluster.start({ servers: 3, redis });
});

afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
});

/** One that was admitted, by whom, and the third server. */
async function admission() {
  const { members } = await new TrustClient(cluster.server('server-01')).roster();
  const [admitted] = members.filter(({ admitted_by }) => admitted_by !== null);
  const by = admitted?.admitted_by ?? '';
  const name = admitted?.node_id ?? '';
  const third = cluster.servers.find((server) => server.name !== by && server.name !== name);
  return { name, by, config: third?.configPath ?? '' };
}

it('evict ends with whom it had admitted, and with the commands for the passwords that it knows', async () => {
  const { name, by, config } = await admission();
  const command = (...args: string[]) => atlasFleet(['cluster', ...args, '--config', config]);
  const shown = await command('roster');
  expect(shown.stdout).toMatch(new RegExp(`^${name} +[0-9a-f]{16} +\\w+ +${by}$`, 'm'));
  const { code, stderr } = await command('evict', by, '--yes');
  expect([code, stderr]).toEqual([0, expect.stringContaining(`Evicted ${by}.`)]);
  expect(stderr).toContain(`It had admitted ${name}.`);
  expect(stderr).toContain(`  ${PROGRAM} cluster evict --config ${config} ${name}\n`);
  expect(stderr).toContain('Until they are changed it can act through');
  expect(stderr).toMatch(/redis-cli .* ACL SETUSER default resetpass/);
});
