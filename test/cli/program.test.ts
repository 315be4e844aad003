/** Commands as every room writes them, and as they are printed to whoever runs the program here. */
import { Command } from 'commander';
import { beforeEach, describe, expect, it } from 'vitest';
import { asStartedHere, PROGRAM, startedWith } from '../../src/cli/program.ts';

async function startWith(...words: string[]): Promise<void> {
  const program = new Command('atlas-fleet');
  const cluster = program.command('cluster');
  cluster
    .command('evict <node>')
    .option('--config <file>')
    .action(() => {});
  cluster
    .command('status')
    .option('--config <file>')
    .action(() => {});
  program
    .command('secret')
    .command('generate')
    .action(() => {});
  program
    .command('server')
    .option('--config <file>')
    .action(() => {});
  startedWith(program);
  await program.parseAsync(words, { from: 'user' });
}

describe('a command of ours, where --config was given', () => {
  beforeEach(() => startWith('cluster', 'status', '--config', 'my fleet/config.yaml'));

  it.each([
    [
      'evict it: atlas-fleet cluster evict server-03.',
      `evict it: ${PROGRAM} cluster evict --config 'my fleet/config.yaml' server-03.`,
    ],
    [
      'atlas-fleet cluster status works all the same',
      `${PROGRAM} cluster status --config 'my fleet/config.yaml' works all the same`,
    ],
    [
      'start one: atlas-fleet server --config FILE',
      `start one: ${PROGRAM} server --config 'my fleet/config.yaml'`,
    ],
    ['the output of `atlas-fleet secret generate`', `the output of \`${PROGRAM} secret generate\``],
    [
      'On a machine that reaches it: npm pack x; then here: atlas-fleet secret generate',
      `On a machine that reaches it: npm pack x; then here: ${PROGRAM} secret generate`,
    ],
  ])('in "%s" can be copied', (text, shown) => {
    expect(asStartedHere(text)).toBe(shown);
    expect(asStartedHere(shown)).toBe(shown);
  });

  it.each([
    'run atlas-fleet cluster evict a on another server, then join again',
    'make another on a server of the cluster: atlas-fleet cluster status',
    'atlas-fleet 0.1.0 is the name of the program',
    'atlas-fleet dances',
    'atlas-fleet-ticket.v1.e30',
    '/opt/atlas-fleet/bin/atlas-fleet cluster status',
  ])('is not seen in "%s"', (text) => {
    expect(asStartedHere(text)).toBe(text);
  });
});

it('a command of ours stands without --config where none was given', async () => {
  await startWith('cluster', 'status');
  expect(asStartedHere('see atlas-fleet cluster status')).toBe(`see ${PROGRAM} cluster status`);
  expect(asStartedHere('atlas-fleet server --config FILE')).toBe(`${PROGRAM} server --config FILE`);
});
