import { describe, expect, it } from 'vitest';
import { type Evidence, truth } from '../../console/truth.ts';
import { health, node } from './page-data.ts';

const NOW = Date.parse('2026-11-21T08:00:10Z');
const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  nowMs: NOW,
  readAtMs: NOW - 3_000,
  failure: undefined,
  health: health(),
  ...changes,
});

describe('the truth bar', () => {
  it('is live and good when the data is fresh and all servers are healthy', () => {
    expect(truth(evidence())).toEqual({
      tone: 'good',
      headline: 'Live',
      spoken: '',
      live: true,
      servers: '2 of 2 servers healthy',
      verdict: null,
      alarm: undefined,
    });
  });

  it('warns of a server that is not healthy, and does not miss one that left', () => {
    const nodes = [
      node(),
      node({ node_id: 'b', state: 'late' }),
      node({ node_id: 'c', state: 'left' }),
      node({ node_id: 'd', state: 'evicted' }),
    ];
    const told = truth(evidence({ health: health({ nodes }) }));
    expect(told.tone).toBe('warn');
    expect(told.servers).toBe('1 of 2 servers healthy');
  });

  it('never says live about data that has stopped, also without an error', () => {
    const told = truth(evidence({ readAtMs: NOW - 48_000 }));
    expect(told).toMatchObject({
      tone: 'warn',
      live: false,
      headline: 'Data is 48 s old: waiting for an answer',
    });
  });

  it('says why the data is old when a server answered with a problem', () => {
    const detail = 'The database cannot be used right now.';
    const failure = { code: 'store_unavailable', title: 'Unavailable', detail };
    const told = truth(evidence({ readAtMs: NOW - 48_000, failure }));
    expect(told.headline).toBe('Data is 48 s old: The database cannot be used right now.');
    expect(told.spoken).toBe('The page has stopped updating.');
    expect(told.tone).toBe('warn');
  });

  it('is red and names the moment when no server answers', () => {
    const detail = 'The request did not reach any server.';
    const failure = { code: 'unreachable', title: 'No server answers', detail };
    const told = truth(evidence({ failure }));
    expect(told.tone).toBe('bad');
    expect(told.headline).toMatch(/^Cannot reach any server – showing what was known at \d\d:\d\d:\d\d$/);
  });

  it('names a backend that is away though every server answers', () => {
    const away = { ...health().backend, state: 'unavailable' as const };
    const told = truth(evidence({ health: health({ backend: away }) }));
    expect(told.tone).toBe('warn');
    expect(told.servers).toBe('2 of 2 servers healthy, backend unavailable');
  });

  const used =
    'Critical: Somebody used join ticket 8e44 again from 127.0.0.1 with other keys. Nobody was let in.';

  it('is as bad as the verdict and says the worst of it, though every server is healthy', () => {
    const told = truth(evidence({ health: health({ overall: 'critical', verdict: used }) }));
    expect(told).toMatchObject({
      tone: 'bad',
      headline: 'Live',
      servers: '2 of 2 servers healthy',
      verdict: 'Critical: Somebody used join ticket 8e44 again from 127.0.0.1 with other keys.',
      spoken: 'The cluster: Critical.',
    });
    const degraded = truth(
      evidence({ health: health({ overall: 'degraded', verdict: 'One server. If …' }) }),
    );
    expect(degraded).toMatchObject({ tone: 'warn', verdict: 'Degraded: One server.' });
  });

  it('keeps the verdict that was known when the data stopped', () => {
    const stopped = evidence({
      readAtMs: NOW - 48_000,
      health: health({ overall: 'critical', verdict: used }),
    });
    expect(truth(stopped)).toMatchObject({
      tone: 'bad',
      live: false,
      spoken: 'The page has stopped updating.',
    });
  });

  it('keeps the alarm of a cluster without authentication, whatever the age of the data', () => {
    const security = { ...health().security, enabled: false };
    const open = health({ security, overall: 'at_risk', verdict: 'At risk: authentication is off.' });
    expect(truth(evidence({ health: open })).alarm).toMatch(/^Cluster authentication is off/);
    expect(truth(evidence({ health: open }))).toMatchObject({ tone: 'bad', verdict: null });
    expect(truth(evidence({ health: health({ security }), readAtMs: NOW - 60_000 })).alarm).toBeDefined();
  });

  it('calls one server without a cluster what it is, without alarm', () => {
    const security = { ...health().security, enabled: false };
    const told = truth(evidence({ health: health({ cluster_enabled: false, security }) }));
    expect(told).toMatchObject({ tone: 'good', servers: 'single server', alarm: undefined });
  });
});
