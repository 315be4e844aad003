import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { API_KEY, ENCRYPTION_KEY, temporaryFolder, writeFile } from '../config/config-file.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import { type Answering, OK, problem, ReportServer } from '../fakes/report-server.ts';
import { atlasFleet, type Ended } from './atlas-fleet.ts';

const servers: ReportServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function listen(answering: Answering): Promise<ReportServer> {
  const server = await ReportServer.listen(answering);
  servers.push(server);
  return server;
}

function makeFlags(folder: string) {
  return [
    ['--api-key-file', writeFile(join(folder, 'api-key'), API_KEY)],
    ['--encryption-key-file', writeFile(join(folder, 'key'), ENCRYPTION_KEY)],
    ['--spool-dir', join(folder, 'spool')],
  ].flat();
}

const once = (url: string, folder: string, ...more: string[]): Promise<Ended> =>
  atlasFleet(['agent', '--once', '--server', url, ...makeFlags(folder), ...more]);

describe('atlas-fleet agent --once', () => {
  it('says that its report was accepted, and by whom', async () => {
    const server = await listen(() => OK);
    const ended = await once(server.url, temporaryFolder());
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain(`Report accepted by ${server.url}.\n`);
  });

  it('ends with 1 when its report is refused, although one that had waited is accepted', async () => {
    const folder = temporaryFolder();
    const server = await listen(() => problem(503, 'store_unavailable'));
    expect((await once(server.url, folder)).code).toBe(5);
    const [waiting] = server.bodies;
    server.answering = ({ body }) => (body.toString() === waiting ? OK : problem(400, 'report_refused'));
    const ended = await once(server.url, folder);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toBe(
      "error: the report was refused for good: status 400 report_refused\nhint: compare encryption_key with the server's\n",
    );
    expect(readdirSync(join(folder, 'spool'))).not.toContainEqual(expect.stringMatching(/report$/));
  });

  it.each([
    [
      problem(401, 'api_key_wrong'),
      'the server refuses the API key (status 401 api_key_wrong)',
      'compare the api key file with server.api_key',
    ],
    [
      problem(503, 'store_unavailable'),
      'status 503 store_unavailable',
      'check the address and that the server runs; the report goes with the next one',
    ],
  ])('ends with 5 and a hint that fits when its report waits because of %j', async (answer, why, hint) => {
    const ended = await once((await listen(() => answer)).url, temporaryFolder());
    expect(ended.code).toBe(5);
    expect(ended.stderr).toBe(
      `error: the report was not acknowledged, and waits in the spool: ${why}\nhint: ${hint}\n`,
    );
  });

  it('sends who meets a key of its own to the pin, and who has another pin to compare', async () => {
    const server = await ReportServer.listen(() => OK, { tls: await makeCertificate() });
    servers.push(server);
    const unknown = await once(server.url, temporaryFolder());
    expect(unknown.code).toBe(5);
    expect(unknown.stderr).toContain(
      'hint: take pin= from the line "Listening on" of the server\'s log, and give it as --pin',
    );
    const other = await once(server.url, temporaryFolder(), '--pin', randomBytes(32).toString('base64'));
    expect(other.code).toBe(5);
    expect(other.stderr).toContain('the server shows another key than the pinned one (EPIN)\n');
    expect(server.received).toEqual([]);
  });
});

describe('atlas-fleet agent from flags alone', () => {
  it('says with no arguments what to give', async () => {
    const ended = await atlasFleet(['agent']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(
      /hint: Give --config, or --server with --api-key-file and --encryption-key-file\.\nerror: no config\.yaml was found\n$/,
    );
  });

  it('names the flags that are missing or wrong, and none of a file', async () => {
    const folder = temporaryFolder();
    const away = join(folder, 'away');
    const ended = await atlasFleet(['agent', '--server', 'fleet', '--pin', 'x', '--api-key-file', away]);
    expect(ended.code).toBe(3);
    expect(ended.stderr.split('\n')).toEqual([
      `${away}:1:1: file_missing: there is no such file`,
      '  hint: Check the path that --api-key-file names.',
      expect.stringMatching(/^--server: bad_value: agent\.servers: /),
      '  hint: Give for example `--server https://fleet.example.com:8768`.',
      expect.stringMatching(/^--pin: bad_value: agent\.pins: /),
      '  hint: Give for example `--pin 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`.',
      '--encryption-key-file: missing_key: server.encryption_key is not given; an agent needs it',
      '  hint: Give a file of mode 0600 with the encryption_key of the servers.',
      'error: 4 errors in the options',
      '',
    ]);
  });
});
