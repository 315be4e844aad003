/** `cluster ticket` and `server --join` as commands: what stands on stdout, and how each mistake ends. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTicket, readTicket, type Ticket } from '../../src/protocol/ticket.ts';
import { configFile, SERVER, temporaryFolder } from '../config/config-file.ts';
import { LiveCluster, type LiveServer } from '../scenario/live-cluster.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { atlasFleet, LAUNCHER } from './atlas-fleet.ts';
import { FastServer, SAYS_EXPIRED } from './fast-server.ts';

let cluster: LiveCluster;
let server: LiveServer;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 1, values: { 'server.tls': 'own' } });
  server = cluster.servers[0] as LiveServer;
});

afterAll(() => cluster?.stop());

const ticketCommand = (...args: string[]) =>
  atlasFleet(['cluster', 'ticket', ...args, '--config', server.configPath]);

async function newTicket(...args: string[]): Promise<{ text: string; ticket: Ticket }> {
  const { stdout } = await ticketCommand('create', ...args);
  const text = stdout.trim();
  const reading = readTicket(text);
  if (!reading.ok) throw new Error(reading.reason);
  return { text, ticket: reading.ticket };
}

/** On a port of its own: whatever else runs here may hold the usual one. */
const joinIn = async (cwd: string, stdin: string, ...args: string[]) =>
  atlasFleet(['server', '--join', '-', '--port', `${await freePorts(1)}`, ...args], { cwd, stdin });

describe('cluster ticket', () => {
  it('create prints the ticket alone on stdout, and the rest to people', async () => {
    const { code, stdout, stderr } = await ticketCommand('create', '--life', '2h');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^atlas-fleet-ticket\.v1\.[\w-]+\n$/)]);
    expect(stderr).toContain(`\n  mkdir fleet-new && cd fleet-new && ${LAUNCHER} server --join -\n`);
    expect(stderr).not.toContain(stdout.trim());
    const { items } = JSON.parse((await ticketCommand('list', '--json')).stdout);
    expect(Date.parse(items[0].expires_at) - Date.parse(items[0].created_at)).toBeLessThanOrEqual(7_201_000);
    expect(JSON.stringify(items)).not.toContain(stdout.trim());
  });

  it('list shows who made it and what became of it; revoke ends it', async () => {
    const { ticket } = await newTicket();
    expect(await ticketCommand('revoke', ticket.id)).toMatchObject({ code: 0, stderr: 'Revoked.\n' });
    const { stdout } = await ticketCommand('list');
    expect(stdout).toMatch(new RegExp(`^${ticket.id}  revoked +server-01 +\\S+Z +-$`, 'm'));
    expect(await ticketCommand('revoke', ticket.id)).toMatchObject({ code: 7 });
    for (const nobodys of ['0011223344556677', 'deadbeef', '../../tokens']) {
      const { code, stderr } = await ticketCommand('revoke', nobodys);
      expect([code, stderr]).toEqual([6, expect.stringContaining(`there is no ticket "${nobodys}"`)]);
    }
  });

  it('create says in its help how long a ticket is good for', async () => {
    expect((await ticketCommand('create', '--help')).stdout).toContain('(default: 24h)');
  });

  it.each(['0s', '59s', '31d', 'soon'])('create takes no life of %s', async (life) => {
    const { code, stderr } = await ticketCommand('create', '--life', life);
    expect([code, stderr]).toEqual([2, expect.stringContaining('a duration from 1m to 30d')]);
  });
});

describe('server --join', () => {
  it.each([
    ['something else', 'a ticket to the opera', 'error: It is not a join ticket'],
    ['another version', 'atlas-fleet-ticket.v2.e30', 'error: It is not of version v1'],
    ['half of one', 'atlas-fleet-ticket.v1.e30', 'error: The ticket is damaged'],
  ])('refuses %s, and makes nothing', async (_, given, said) => {
    const folder = temporaryFolder();
    const { code, stderr } = await joinIn(folder, given);
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it('says that a ticket on the command line is one that others can read', async () => {
    const given = await atlasFleet(['server', '--join', 'a ticket to the opera']);
    expect(given).toMatchObject({ code: 2, stderr: expect.stringMatching(/^hint: next time --join - asks/) });
    expect((await joinIn('/', 'a ticket to the opera')).stderr).not.toContain('next time');
  });

  it('takes one ticket, from one place, and its flags with one alone', async () => {
    const path = configFile(SERVER);
    expect(await atlasFleet(['server', '--config', path, '--port', '9000'])).toMatchObject({ code: 2 });
    expect(await atlasFleet(['server', '--join', 'x', '--join-file', 'y'])).toMatchObject({ code: 2 });
    expect(await atlasFleet(['server', '--join', 'x', '--port', '70000'])).toMatchObject({ code: 2 });
  });

  it('writes over no config.yaml of something else', async () => {
    const { text } = await newTicket();
    const path = configFile(SERVER);
    const { code, stderr } = await joinIn('/', text, '--config', path);
    expect([code, stderr]).toEqual([7, expect.stringContaining('not of the cluster of this ticket')]);
    expect(readFileSync(path, 'utf8')).toBe(SERVER);
  });

  it('says of each server why it did not let it in, and keeps the keys that it made', async () => {
    const { ticket } = await newTicket();
    const [known] = ticket.servers;
    const nobody = { url: `https://127.0.0.1:${await freePorts(1)}`, spki_sha256: known?.spki_sha256 ?? '' };
    const impostor = { url: known?.url ?? '', spki_sha256: Buffer.alloc(32, 1).toString('base64') };
    const text = makeTicket({ ...ticket, servers: [nobody, impostor] }).text.revealText();
    const folder = temporaryFolder();
    const { code, stderr } = await joinIn(folder, text);
    expect(code).toBe(5);
    expect(stderr).toContain(`${nobody.url} (nothing listens there)`);
    expect(stderr).toContain(`${impostor.url} (another machine answers there`);
    expect(statSync(join(folder, 'data', 'identity.json')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder, 'config.yaml'))).toBe(false);
  });

  describe('of a ticket that one server takes for expired', () => {
    let fast: FastServer;

    beforeAll(async () => {
      fast = await FastServer.open();
    });

    afterAll(() => fast?.close());

    it('asks the others, and believes what they say', async () => {
      const { ticket } = await newTicket();
      const text = makeTicket({ ...ticket, servers: [fast.server, ...ticket.servers] }).text.revealText();
      const { code, stderr } = await joinIn(temporaryFolder(), text);
      expect([code, stderr]).toEqual([4, expect.stringContaining('there is no such ticket here')]);
      expect(stderr).toContain(SAYS_EXPIRED);
    });

    it('believes it where no other answers', async () => {
      const { ticket } = await newTicket();
      const url = `https://127.0.0.1:${await freePorts(1)}`;
      const servers = [fast.server, { ...fast.server, url }];
      const text = makeTicket({ ...ticket, servers }).text.revealText();
      const { code, stderr } = await joinIn(temporaryFolder(), text);
      expect([code, stderr]).toEqual([7, expect.stringContaining(`error: ${SAYS_EXPIRED}`)]);
    });
  });

  it('does not start beside files of another machine, and may be tried again', async () => {
    const { text } = await newTicket();
    const folder = join(cluster.folder, 'elsewhere');
    mkdirSync(folder);
    const [there, away] = [cluster.databasePath, `${cluster.databasePath}.away`];
    renameSync(there, away);
    try {
      const { code, stderr } = await joinIn(folder, text);
      expect([code, stderr]).toEqual([
        3,
        expect.stringContaining(`SQLite at ${there}, which is not on this machine`),
      ]);
    } finally {
      renameSync(away, there);
    }
    expect(existsSync(join(folder, 'config.yaml'))).toBe(false);
  });

  it('uses no ticket for a port that is taken', async () => {
    const { text, ticket } = await newTicket();
    const folder = temporaryFolder();
    const port = String(server.port);
    expect(await joinIn(folder, text, '--host', '127.0.0.1', '--port', port)).toEqual({
      code: 7,
      stdout: '',
      stderr: `error: port ${port} on 127.0.0.1 is taken by another program\nhint: stop it, or join with another: --port PORT; the ticket was not used\n`,
    });
    expect(readdirSync(folder)).toEqual([]);
    expect((await ticketCommand('list')).stdout).toMatch(new RegExp(`^${ticket.id}  open`, 'm'));
  });

  it('takes the name of no member, and none that is no name', async () => {
    const { text } = await newTicket();
    const own = ['--host', '127.0.0.1', '--port', String(await freePorts(1))];
    const folder = temporaryFolder();
    const { code, stderr } = await joinIn(folder, text, '--node-id', 'server-01', ...own);
    expect([code, stderr]).toEqual([7, expect.stringContaining('server-01 is a member already')]);
    expect(stderr).toContain('another name with --node-id; or, if its disk was lost');
    expect(await joinIn(folder, text, '--node-id', 'a/b')).toMatchObject({ code: 2 });
  });

  it('reads the ticket from a file that nobody else may read', async () => {
    const { text } = await newTicket();
    const file = join(temporaryFolder(), 'ticket');
    writeFileSync(file, text, { mode: 0o644 });
    const from = (path: string) => atlasFleet(['server', '--join-file', path], { cwd: temporaryFolder() });
    expect(await from(file)).toMatchObject({ code: 2, stderr: expect.stringContaining('its mode is 0644') });
    expect(await from(`${file}.gone`)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${file}.gone: there is no such file\nhint: Check the path.\n`,
    });
  });
});
