/** Questions, on a real terminal: what is asked about whom, and what becomes of who gives up. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AnsweredServer } from './answered-server.ts';
import { atlasFleet } from './atlas-fleet.ts';
import type { Answers } from './control-server.ts';
import { onTerminal } from './on-terminal.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ROSTER = {
  'GET /api/fleet/cluster/roster': {
    members: [
      { node_id: 'server-01', fingerprint: '00112233', state: 'healthy', this_node: true },
      { node_id: 'server-03', fingerprint: '35991eab', state: 'offline', this_node: false },
    ],
  },
};
const AT_REST = { 'GET /api/fleet/cluster/rotation': { phase: null, sentence: 'None.', nodes: [] } };
const EVICT = 'and new servers need a ticket. Evict server-03 (offline, key 35991eab)? [y/N] ';
const ROTATE = 'Change the secret of server-01, server-03 now? [y/N] ';

const server = new AnsweredServer();
const cluster = (words: string, answers: Answers) => server.answering(`cluster ${words}`, answers);

describe.each([
  ['Ctrl-C', CTRL_C],
  ['Ctrl-D', CTRL_D],
])('%s', (_, keys) => {
  it.each([
    ['evict server-03', EVICT],
    ['rotate-secret', ROTATE],
  ])('at the question of cluster %s changes nothing, and says so', async (words, question) => {
    const ended = await onTerminal(await cluster(words, { ...ROSTER, ...AT_REST }), { question, keys });
    expect(ended).toEqual({ code: 130, shown: expect.stringMatching(/\? \[y\/N\] \n/) });
    expect(ended.shown).toMatch(/\nerror: nothing was changed\n$/);
  });

  it('at the question for a password leaves nothing', async () => {
    const made = join(server.folder, 'new');
    const args = ['init', '--dir', made, '--cluster', 'redis://fleet@127.0.0.1:1'];
    const ended = await onTerminal(args, { question: '): ', keys });
    expect(ended).toEqual({ code: 130, shown: expect.stringMatching(/\): \nerror: nothing was changed\n$/) });
    expect(existsSync(made)).toBe(false);
  });
});

describe('a yes', () => {
  it('to the question of who is evicted does it', async () => {
    const answers = {
      ...ROSTER,
      'POST /api/fleet/cluster/evict': {},
      'GET /api/fleet/cluster/security': { blast_radius: [] },
    };
    const { code, shown } = await onTerminal(await cluster('evict server-03', answers), {
      question: EVICT,
      keys: 'y\r',
    });
    expect([code, shown]).toEqual([0, expect.stringContaining('\nEvicted server-03.')]);
  });

  it('is what it takes: all else is a no', async () => {
    const { code, shown } = await onTerminal(await cluster('evict server-03', ROSTER), {
      question: EVICT,
      keys: '\r',
    });
    expect([code, shown]).toEqual([
      2,
      expect.stringContaining('error: nothing was changed\nhint: answer yes'),
    ]);
  });
});

describe('nobody is asked', () => {
  it.each([
    ['evict server-9', 6, 'no member is called server-9\nhint: the members are server-01, server-03'],
    ['evict server-01', 7, 'server-01 is this server'],
    ['rotate-secret --compromised --keep server-9', 6, 'no member is called server-9'],
  ])('about what cannot be done: cluster %s', async (words, code, sentence) => {
    expect(await atlasFleet(await cluster(words, ROSTER))).toMatchObject({
      code,
      stderr: expect.stringContaining(`error: ${sentence}`),
    });
  });

  it('to begin a rotation while one is under way', async () => {
    const running = { phase: 'prepared', sentence: '1 of 2 accept the new secret.', nodes: [] };
    const args = await cluster('rotate-secret', { 'GET /api/fleet/cluster/rotation': running });
    expect(await atlasFleet(args)).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('error: a rotation is under way: 1 of 2 accept the new secret.\n'),
    });
  });
});
