import { describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { EXIT, exitCodeOf } from '../../src/cli/exit.ts';
import { parseSecret } from '../../src/protocol/keyring.ts';
import { atlasFleet, PROGRAM } from './atlas-fleet.ts';

describe('atlas-fleet', () => {
  it.each([
    [['confg'], "unknown command 'confg'", `Did you mean config? see ${PROGRAM} --help`],
    [['config', 'chek'], "unknown command 'chek'", `Did you mean check? see ${PROGRAM} config --help`],
    [['config', 'check', '--bogus'], "unknown option '--bogus'", `see ${PROGRAM} config check --help`],
    [
      ['config', 'check', '--config'],
      "option '--config <file>' argument missing",
      `see ${PROGRAM} config check --help`,
    ],
    [
      ['config', 'check', '--role', 'king'],
      "option '--role <role>' argument 'king' is invalid. Allowed choices are server, agent, any.",
      `see ${PROGRAM} config check --help`,
    ],
    [
      ['config', 'check', 'x'],
      "too many arguments for 'check'. Expected 0 arguments but got 1: x.",
      `see ${PROGRAM} config check --help`,
    ],
  ])('answers %j with an error, a hint and exit code 2', async (args, message, hint) => {
    const ended = await atlasFleet(args);
    expect(ended).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\nhint: ${hint}\n` });
  });

  it.each([
    [[], `see ${PROGRAM} --help`],
    [['config'], `see ${PROGRAM} config --help`],
  ])('shows the help on stderr when the command is missing after %j', async (args, hint) => {
    const ended = await atlasFleet(args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^Usage: atlas-fleet /);
    expect(ended.stderr).toMatch(new RegExp(`error: a command is missing\nhint: ${hint}\n$`));
  });

  it('shows the help on stdout when it is asked for', async () => {
    for (const args of [
      ['config', '--help'],
      ['help', 'config'],
    ]) {
      const ended = await atlasFleet(args);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout).toMatch(/^Usage: atlas-fleet config /);
    }
    expect(await atlasFleet(['help'])).toEqual(await atlasFleet(['--help']));
  });

  it('tells its version alone, and with what it runs on', async () => {
    const alone = await atlasFleet(['--version']);
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    expect(alone.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const whole = await atlasFleet(['version']);
    expect(whole.stdout).toMatch(/^atlas-fleet \d+\.\d+\.\d+ \(node 26\.\d+\.\d+, [a-z0-9]+ [a-z0-9]+\)\n$/);
  });

  it('makes secrets that the configuration takes, each another, and prints nothing else', async () => {
    const [one, two] = await Promise.all([
      atlasFleet(['secret', 'generate']),
      atlasFleet(['secret', 'generate']),
    ]);
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(parseSecret(one.stdout.trimEnd()).ok).toBe(true);
    expect(one.stdout).not.toBe(two.stdout);
  });
});

describe('the exit code', () => {
  it.each([
    ['config_invalid', EXIT.config],
    ['config_missing', EXIT.config],
    ['store_key_wrong', EXIT.config],
    ['usage', EXIT.usage],
    ['scope_missing', EXIT.notAllowed],
    ['login_required', EXIT.notAllowed],
    ['not_running', EXIT.unreachable],
    ['user_unknown', EXIT.notFound],
    ['port_taken', EXIT.conflict],
    ['interrupted', EXIT.interrupted],
    ['internal', EXIT.failed],
  ] as const)('of %s is %i', (code, exit) => {
    expect(exitCodeOf(new AtlasError(code, 'x'))).toBe(exit);
  });
});
