/** The security status of real servers, by HTTP and on the command line: on a Redis as it should be, and on one as it often is. */
import { afterEach, describe, expect, it } from 'vitest';
import { RedisServer } from '../backends/redis.ts';
import { atlasFleet, PROGRAM } from '../cli/atlas-fleet.ts';
import { eventually } from './eventually.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';

const WAIT_MS = 90_000;

interface Line {
  readonly code: string;
  readonly state: 'pass' | 'info' | 'warn' | 'fail';
  readonly seen: string;
}
interface Report {
  readonly level: number;
  readonly enabled: boolean;
  readonly checked_at: string | null;
  readonly lines: readonly Line[];
  readonly nodes: readonly { readonly node_id: string; readonly state: string; readonly accepts: string[] }[];
  readonly roster: { readonly members: number; readonly level: number } | null;
  readonly blast_radius: readonly { readonly code: string; readonly recover: { command: string }[] }[];
}

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startRedis(plan: Parameters<typeof RedisServer.start>[0]): Promise<RedisServer> {
  const redis = await RedisServer.start(plan);
  cleanUps.push(() => redis.stop());
  return redis;
}

async function start(plan: Parameters<typeof LiveCluster.start>[0]): Promise<LiveCluster> {
  const cluster = await LiveCluster.start(plan);
  cleanUps.push(() => cluster.stop());
  return cluster;
}

const reportOf = ({ client }: LiveServer, check = true) =>
  client.get<Report>(`/api/fleet/cluster/security${check ? '?check=true' : ''}`);
const stateOf = ({ lines }: Report, code: string) => lines.find((line) => line.code === code)?.state;

describe('the security status', () => {
  it('of a cluster with a Redis password passes, by itself and when asked, and says so on the command line', async () => {
    const cluster = await start({ servers: 2, redis: await startRedis({ password: 'the password' }) });
    const [server] = cluster.servers as [LiveServer, LiveServer];
    await eventually('it is checked without being asked', WAIT_MS, async () => {
      return (await reportOf(server, false)).checked_at !== null;
    });
    const report = await eventually('both are members', WAIT_MS, async () => {
      const now = await reportOf(server);
      return now.roster?.members === 2 && now.nodes.every(({ state }) => state === 'pass') ? now : undefined;
    });
    expect(report).toMatchObject({ enabled: true, level: 3, roster: { level: 3 } });
    expect(report.lines.filter(({ state }) => state === 'fail')).toEqual([]);
    for (const code of [
      'own_record',
      'flipped_bit',
      'other_key',
      'level',
      'head_disk',
      'head_registry',
      'probe',
      'redis_open',
    ])
      expect(stateOf(report, code), code).toBe('pass');
    expect(JSON.stringify(report)).not.toContain('the password"');
    const { code, stdout } = await atlasFleet([
      'cluster',
      'security',
      '--leaks',
      '--config',
      server.configPath,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/PASS {2}The same record with one bit flipped: invalid_signature/);
    expect(stdout).toMatch(/WARN {2}The user that this server is to Redis: default, who may do everything/);
    expect(stdout).toContain(
      `  run     ${PROGRAM} cluster rotate-secret --config ${server.configPath} --compromised --keep server-01 --keep server-02\n`,
    );
  });

  it('of a Redis that lets anybody in beside the password is critical, and fails on the command line', async () => {
    const redis = await startRedis({ acl: 'user default on nopass ~* &* +@all\n' });
    const user = { 'cluster.redis_username': 'fleet', 'cluster.redis_password': 'the-password-of-fleet' };
    await redis.cli('ACL', 'SETUSER', 'fleet', 'on', '>the-password-of-fleet', '~*', '+@all');
    const cluster = await start({ servers: 1, redis, values: user });
    const [server] = cluster.servers as [LiveServer];
    expect(stateOf(await reportOf(server), 'redis_open')).toBe('fail');
    const health = await server.client.get<{ overall: string; findings: { code: string }[] }>(
      '/api/fleet/cluster/health-check',
    );
    expect(health.overall).toBe('critical');
    expect(health.findings.map(({ code }) => code)).toContain('security_redis_open');
    const { code, stderr } = await atlasFleet(['cluster', 'security', '--config', server.configPath]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: 1 of \d+ lines failed/);
  });
});
