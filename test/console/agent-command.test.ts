/** What the dashboard prints is run as it stands, by a shell, against a server with a key of its own. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { agentCommand, KEY_FILES, unreachable } from '../../console/agent-command.ts';
import { LAUNCHER } from '../cli/atlas-fleet.ts';
import { API_KEY, ENCRYPTION_KEY, temporaryFolder, writeFile } from '../config/config-file.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import { OK, ReportServer } from '../fakes/report-server.ts';
import { packageCheck, packageReadiness } from './package-data.ts';

const run = promisify(execFile);

async function ownServer(): Promise<{ readonly url: string; readonly pin: string }> {
  const tls = await makeCertificate();
  const server = await ReportServer.listen(() => OK, { tls });
  onTestFinished(() => server.close());
  return { url: server.url, pin: tls.pin.replace('sha256/', '') };
}

/** On a Mac where both files of keys lie. */
function type(command: string) {
  const cwd = temporaryFolder();
  writeFile(join(cwd, KEY_FILES.api_key), API_KEY);
  writeFile(join(cwd, KEY_FILES.encryption_key), ENCRYPTION_KEY);
  const env = { PATH: `${dirname(LAUNCHER)}:${process.env.PATH}` };
  return run('/bin/sh', ['-c', `${command} --once`], { cwd, env });
}

describe('the command line of an agent', () => {
  it('is all that an agent needs to report', async () => {
    const { url, pin } = await ownServer();
    const { stdout } = await type(agentCommand({ servers: [url], pins: [pin] }));
    expect(stdout).toContain(`Report accepted by ${url}.\n`);
  });

  it.each(['--server', '--pin', '--api-key-file', '--encryption-key-file'])(
    'has nothing to spare: without %s there is no report',
    async (option) => {
      const { url, pin } = await ownServer();
      const command = agentCommand({ servers: [url], pins: [pin] });
      const shorter = command.replace(new RegExp(` ${option} \\S+`), '');
      expect(shorter).not.toBe(command);
      await expect(type(shorter)).rejects.toMatchObject({ stderr: expect.stringMatching(/^error: /m) });
    },
  );

  it('names all servers, and no pin where public authorities vouch for them', () => {
    const servers = ['https://a.example:8768', 'https://b.example:8768'];
    expect(agentCommand({ servers, pins: [] })).toBe(
      "atlas-fleet agent --server 'https://a.example:8768,https://b.example:8768' --api-key-file api-key --encryption-key-file encryption-key",
    );
  });
});

describe('a server that no agent reaches', () => {
  it('says so itself, and a warning is no obstacle', () => {
    const check = packageCheck({ code: 'server_address', result: 'fail', sentence: 'Macs cannot reach it.' });
    expect(unreachable(packageReadiness({ checks: [packageCheck(), check] }))).toBe(check);
    expect(unreachable(packageReadiness({ checks: [{ ...check, result: 'warn' }] }))).toBeUndefined();
  });
});
