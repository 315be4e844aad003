/** What `atlas-fleet cluster` says, and how it ends, by what the running server answers. */
import { describe, expect, it } from 'vitest';
import { AnsweredServer } from './answered-server.ts';
import { atlasFleet, type Ended } from './atlas-fleet.ts';
import type { Answers } from './control-server.ts';

const server = new AnsweredServer();

async function run(words: string, answers: Answers): Promise<Ended> {
  return atlasFleet(await server.answering(words, answers));
}

describe('cluster status', () => {
  const answered = (overall: string) => ({
    'GET /api/fleet/cluster/health-check': { overall, verdict: 'So it is.', findings: [], refusals: [] },
    'GET /api/fleet/cluster/status': { node_id: 'a' },
  });

  it('fails when the verdict is critical, after all that it has to say', async () => {
    expect(await run('cluster status', answered('critical'))).toEqual({
      code: 1,
      stdout: 'So it is.\n',
      stderr:
        'error: the cluster is in a critical state\nhint: do what stands behind the critical findings\n',
    });
  });

  it('fails so with --json too, which is whole', async () => {
    const { code, stdout } = await run('cluster status --json', answered('critical'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ node_id: 'a', health: { overall: 'critical' } });
  });

  it('does not fail of a cluster that is degraded', async () => {
    expect(await run('cluster status', answered('degraded'))).toEqual({
      code: 0,
      stdout: 'So it is.\n',
      stderr: '',
    });
  });
});

describe('cluster rotate-secret', () => {
  it('says that the rotation goes on when the server it asked goes away', async () => {
    const ended = await run('cluster rotate-secret --yes', { 'POST /api/fleet/cluster/rotation': {} });
    expect(ended.code).toBe(5);
    expect(ended.stderr).toContain(
      'hint: the rotation goes on by itself; see atlas-fleet cluster rotation on another server\n',
    );
  });
});
