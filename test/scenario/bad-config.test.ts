/**
 * A config.yaml with four faults at once, each time with another of the five sample secrets: `config check` and
 * `server` both name all of them with line, column and mend, end with 3, and start nothing.
 */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { generateSecretText } from '../../src/protocol/keyring.ts';
import { atlasFleet, PROGRAM } from '../cli/atlas-fleet.ts';
import { SAMPLE_SECRETS } from '../config/sample-secrets.ts';
import { freePorts } from './loopback-ports.ts';

let port: number;

beforeAll(async () => {
  port = await freePorts(1);
});

function writeConfig(clusterSecret: string): { path: string; folder: string; secrets: string[] } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'atlas-bad-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const secrets = [generateSecretText(), generateSecretText(), generateSecretText()];
  const path = join(folder, 'config.yaml');
  const lines = [
    'server:',
    '  host: 127.0.0.1',
    `  port: ${port}`,
    `  api_key: "${secrets[0]}"`,
    `  encryption_key: "${secrets[1]}"`,
    `  db_encryption_key: "${secrets[2]}"`,
    '  web_usernam: admin',
    'cluster:',
    '  enabled: "yes"',
    `  cluster_secret: "${clusterSecret}"`,
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  chmodSync(path, 0o644);
  return { path, folder, secrets };
}

function isFree(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

describe.each([
  ['config check', ['config', 'check']],
  ['server', ['server']],
] as const)('atlas-fleet %s', (_, command) => {
  for (const [title, secret, code, sentence] of SAMPLE_SECRETS) {
    it(`names a secret that is ${title}, a misspelt key, a wrong type and mode 0644 at once`, async () => {
      const { path, folder, secrets } = writeConfig(secret);
      const ended = await atlasFleet([...command, '--config', path]);
      expect(ended.stderr.split('\n')).toEqual([
        `${path}:1:1: file_mode: its mode is 0644; expected 0600, open to its owner only`,
        `  hint: Run \`chmod 600 ${path}\`.`,
        `${path}:7:3: unknown_key: section server has no key "web_usernam"`,
        '  hint: Did you mean "web_username"?',
        `${path}:9:12: wrong_type: cluster.enabled: found the text "yes"; expected true or false`,
        '  hint: Write for example `enabled: true`.',
        `${path}:10:19: ${code}: cluster.cluster_secret: ${sentence}; expected base64 of at least 32 random bytes`,
        `  hint: Put in the output of \`${PROGRAM} secret generate\`, the same on every node of the cluster.`,
        'error: 4 errors in the configuration',
        '',
      ]);
      expect(ended).toMatchObject({ code: 3, stdout: '' });
      for (const each of [secret, ...secrets]) expect(ended.stderr).not.toContain(each);
      expect(readdirSync(folder)).toEqual(['config.yaml']);
      expect(await isFree()).toBe(true);
    });
  }
});

it('the same file starts once each fault is mended as it was told', async () => {
  const { path } = writeConfig(generateSecretText());
  chmodSync(path, 0o600);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('web_usernam:', 'web_username:').replace('"yes"', 'true'));
  const ended = await atlasFleet(['config', 'check', '--config', path]);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toMatch(/^ok: /);
});
