/** Users and tokens from the shell, with no server running. */
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../config/config-file.ts';
import { atlasFleet, type Ended, PROGRAM } from './atlas-fleet.ts';

let config: string;
beforeEach(async () => {
  const folder = temporaryFolder();
  expect((await atlasFleet(['init', '--dir', folder])).code).toBe(0);
  config = join(folder, 'config.yaml');
});

const run = (words: string, stdin = ''): Promise<Ended> =>
  atlasFleet([...words.split(' '), '--config', config], { stdin });

describe('a list', () => {
  it('has a heading in a pipe too, and of nothing says so on stderr only', async () => {
    for (const list of ['user list', 'token list']) {
      expect(await run(list)).toEqual({ code: 0, stdout: '', stderr: '(none)\n' });
    }
    expect((await run('user add anna', 'four words of sense\n')).code).toBe(0);
    const { stdout } = await run('user list');
    expect(stdout).toMatch(/^NAME {2}CREATED\nanna {2}\d{4}-\S+\n$/);
  });
});

describe('user passwd', () => {
  it('says that there is no such user before it asks for a password', async () => {
    expect(await run('user passwd nobody')).toEqual({
      code: 6,
      stdout: '',
      stderr: `error: there is no user nobody\nhint: see ${PROGRAM} user list --config ${config}\n`,
    });
  });
});

describe('user setup-code', () => {
  it('gives the way in while there is nobody, and then no more', async () => {
    expect(await run('user setup-code')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\S{4}-\S{2}\n$/),
    });
    expect((await run('user add anna', 'four words of sense\n')).code).toBe(0);
    expect(await run('user setup-code')).toMatchObject({ code: 7, stdout: '' });
  });
});

describe('token create', () => {
  it('offers the scopes that a route asks for, and no other', async () => {
    const refused = await run('token create x --scope agents:write');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('Allowed choices are read, packages:build, admin.');
    expect((await run('token create x --scope admin')).code).toBe(0);
  });
});

describe('token revoke', () => {
  it('says of whatever is the id of no token that there is none', async () => {
    for (const nobodys of ['nosuch', '00000000-0000-4000-8000-000000000000'])
      expect(await run(`token revoke ${nobodys}`)).toMatchObject({
        code: 6,
        stderr: expect.stringContaining('error: There is no such token.'),
      });
  });
});

describe('audit list', () => {
  it('tells what was done from the shell, the newest first, as a table and as JSON', async () => {
    expect((await run('user add anna', 'four words of sense\n')).code).toBe(0);
    expect((await run('token create x')).code).toBe(0);
    const table = await run('audit list --limit 1');
    expect(table.stdout).toMatch(
      /^WHEN +WHO +FROM +WHAT +SUBJECT +OUTCOME +SERVER +DETAIL\n\S+Z +local +- +token.created +x +done +\S+ +scopes=read\n$/,
    );
    expect(table.stderr).toMatch(/^There are older ones: --cursor \S+\n$/);
    const { items } = JSON.parse((await run('audit list --kind user --json')).stdout);
    expect(items).toMatchObject([
      { actor: { kind: 'local', name: '' }, action: 'user.added', subject: 'anna' },
    ]);
  });

  it('says which numbers it takes', async () => {
    const refused = await run('audit list --limit 501');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('It is a whole number from 1 to 500.');
  });
});
