/**
 * A machine that has nothing but a ticket, and real servers, over Redis and over files: it joins within seconds, also
 * when it was killed before the answer came; a second one does not, and is heard of.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTicket, readTicket } from '../../src/protocol/ticket.ts';
import type { AuditEntryView } from '../../src/services/people/audit-view.ts';
import { RedisServer } from '../backends/redis.ts';
import { atlasFleet, type Ended } from '../cli/atlas-fleet.ts';
import { AnswerEater } from './answer-eater.ts';
import { AtlasProcess } from './atlas-process.ts';
import { controlFetch } from './control-fetch.ts';
import { eventually } from './eventually.ts';
import { FleetClient } from './fleet-client.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { freePorts } from './loopback-ports.ts';

const WAIT_MS = 90_000;
/** Servers of the cluster before anybody joins. */
const MEMBERS = 3;
const REDIS_PASSWORD = 'a password of Redis that nobody may see';
/** Where the servers say they are: what knocks there can be kept apart from the rest of loopback. */
const SHOWN = '::1';

describe.each(['redis', 'file'] as const)('over %s', (backend) => {
  let redis: RedisServer | undefined;
  let cluster: LiveCluster;
  let eater: AnswerEater;
  const tickets: string[] = [];
  const newcomers: Newcomer[] = [];

  beforeAll(async () => {
    if (backend === 'redis') redis = await RedisServer.start({ password: REDIS_PASSWORD });
    cluster = await LiveCluster.start({
      servers: MEMBERS,
      values: { 'server.tls': 'own', 'server.public_url': `https://[${SHOWN}]` },
      ...(redis && { redis }),
    });
    eater = await AnswerEater.open({ from: SHOWN, to: '127.0.0.1', port: first().port });
  });

  afterAll(async () => {
    await Promise.all(newcomers.map(({ process }) => process.kill()));
    await eater?.close();
    await cluster?.stop();
    await redis?.stop();
  });

  const first = () => cluster.servers[0] as LiveServer;
  const command = (...args: string[]) => atlasFleet(['cluster', ...args, '--config', first().configPath]);

  async function newTicket(): Promise<string> {
    const { code, stdout, stderr } = await command('ticket', 'create');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('server --join -') });
    tickets.push(stdout.trim());
    return stdout.trim();
  }

  /** An empty folder, and the command line that is run there. */
  async function newcomer(name: string, ticket: string): Promise<Newcomer> {
    const folder = join(cluster.folder, name);
    mkdirSync(folder, { mode: 0o700 });
    const ticketPath = join(cluster.folder, `${name}.ticket`);
    writeFileSync(ticketPath, ticket, { mode: 0o600 });
    const configPath = join(folder, 'config.yaml');
    const port = String(await freePorts(1));
    const own = ['--join-file', ticketPath, '--host', '127.0.0.1', '--port', port];
    const client = new FleetClient(first().url, () => undefined, controlFetch(join(folder, 'data')));
    const as = (nodeId: string): Newcomer => {
      const args = [...own, '--node-id', nodeId];
      const process = new AtlasProcess({ command: 'server', configPath, args, logPath: join(folder, 'log') });
      const renew = (text: string) => writeFileSync(ticketPath, text, { mode: 0o600 });
      const made = { name: nodeId, folder, configPath, process, client, as, renew };
      newcomers.push(made);
      return made;
    };
    return as(name);
  }

  /** Of a join that is to fail. */
  async function failing(name: string, ticket: string): Promise<Ended> {
    const folder = join(cluster.folder, name);
    mkdirSync(folder, { mode: 0o700, recursive: true });
    const own = ['--node-id', name, '--port', `${await freePorts(1)}`];
    return atlasFleet(['server', '--join', '-', ...own], { cwd: folder, stdin: ticket });
  }

  async function isHealthyFor(client: FleetClient, name: string): Promise<boolean> {
    const nodes = await client.nodes();
    return nodes.some(
      (node) => node.node_id === name && node.state === 'healthy' && node.signature === 'verified',
    );
  }

  async function known({ name, client }: Newcomer): Promise<void> {
    for (const server of cluster.servers.slice(0, MEMBERS)) {
      await eventually(`${server.name} sees ${name}`, WAIT_MS, () => isHealthyFor(server.client, name));
      await eventually(`${name} sees ${server.name}`, WAIT_MS, () => isHealthyFor(client, server.name));
    }
  }

  const isMember = async (name: string) => {
    const { members } = await first().client.get<Roster>('/api/fleet/cluster/roster');
    return members.some(({ node_id }) => node_id === name);
  };
  const finding = async (code: string, client = first().client) =>
    (await client.health()).findings.find((one) => one.code === code);
  const audited = async (kind: string) =>
    (await first().client.get<{ items: AuditEntryView[] }>(`/api/fleet/audit?kind=${kind}`)).items;

  it('a ticket makes a machine with an empty folder a server of the cluster', async () => {
    const one = await newcomer('new-01', await newTicket());
    await one.process.start();
    await known(one);
    expect(readFileSync(one.configPath, 'utf8')).toContain('admission: "secret"');
    expect(await finding('database_split', one.client)).toBeUndefined();
    const list = await command('ticket', 'list', '--json');
    expect(JSON.parse(list.stdout).items[0]).toMatchObject({ state: 'used', used_by: 'new-01' });
  });

  it('a joiner that is killed before the answer came succeeds with the same ticket', async () => {
    const one = await newcomer('new-02', await newTicket());
    eater.mayPass = async () => !(await isMember('new-02'));
    const killed = one.process.start().catch((error: Error) => error.message);
    await eventually('the answer is lost', WAIT_MS, () => eater.eaten > 0);
    await one.process.kill();
    expect(await killed).toContain('instead of starting');
    expect([await isMember('new-02'), existsSync(one.configPath)]).toEqual([true, false]);
    eater.mayPass = async () => true;
    await one.process.start();
    await known(one);
  });

  it('a name that was refused keeps nobody from taking another', async () => {
    const { as, process, configPath } = await newcomer('new-04', await newTicket());
    await expect(as('server-01').process.start()).rejects.toThrow('server-01 is a member already');
    await process.start();
    await eventually('it is a member', WAIT_MS, () => isMember('new-04'));
    expect(readFileSync(configPath, 'utf8')).toContain('node_id: "new-04"');
    await process.kill();
  });

  describe('where a config.yaml of the cluster is', () => {
    const OWN = '\n# of this machine alone\n';
    let one: Newcomer;
    const stateOfTicket = async () =>
      JSON.parse((await command('ticket', 'list', '--json')).stdout).items[0].state;
    const config = () => readFileSync(one.configPath, 'utf8');
    const leave = async () => {
      await one.process.kill();
      await eventually('it is gone', WAIT_MS, async () => (await command('remove', one.name)).code === 0);
    };

    beforeAll(async () => {
      one = await newcomer('new-05', await newTicket());
      await one.process.start();
      await eventually('it is a member', WAIT_MS, () => isMember('new-05'));
      await eventually('it holds the roster', WAIT_MS, () =>
        existsSync(join(one.folder, 'data/roster/0.json')),
      );
      appendFileSync(one.configPath, OWN);
    });

    it('a member starts without the ticket, and keeps its name', async () => {
      await one.process.kill();
      const before = config();
      await one.process.start();
      expect(one.process.log()).toContain('new-05 is a member already: starting it without the ticket');
      expect(config()).toBe(before);
      await one.process.kill();
      await expect(one.as('other').process.start()).rejects.toThrow('a member keeps its name');
      expect(config()).toBe(before);
    });

    it('one that was removed uses the ticket, and its file keeps all that is its own', async () => {
      await leave();
      one.renew(await newTicket());
      await one.process.start();
      await known(one);
      expect([await stateOfTicket(), config()]).toEqual(['used', expect.stringContaining(OWN)]);
    });

    it('one whose disk was lost comes back with keys of its own', async () => {
      await leave();
      rmSync(join(one.folder, 'data'), { recursive: true });
      one.renew(await newTicket());
      await one.process.start();
      await known(one);
      expect([await stateOfTicket(), config()]).toEqual(['used', expect.stringContaining(OWN)]);
      await one.process.kill();
    });

    it('keys of a member use no ticket, where only the file is lost', async () => {
      one.renew(await newTicket());
      renameSync(one.configPath, `${one.configPath}.away`);
      await expect(one.process.start()).rejects.toThrow('these keys are of a member already: new-05');
      expect(await stateOfTicket()).toBe('open');
      renameSync(`${one.configPath}.away`, one.configPath);
    });
  });

  it('a second machine with the ticket is refused, and heard of', async () => {
    const { code, stderr } = await failing('thief', tickets[0] ?? '');
    expect(stderr).toContain('error: the ticket has admitted another server: new-01');
    expect([code, await isMember('thief')]).toEqual([7, false]);
    expect(await finding('ticket_misused')).toMatchObject({
      severity: 'critical',
      sentence: expect.stringMatching(/again from \S+ with other keys, after it had admitted new-01/),
    });
    const entries = await eventually('it is written down', WAIT_MS, async () => {
      const found = (await audited('ticket')).filter(({ action }) => action === 'ticket.refused');
      return found.length > 0 && found;
    });
    expect(entries[0]).toMatchObject({
      outcome: 'refused',
      detail: { code: 'ticket_used', node_id: 'thief' },
    });
    expect(first().process.log()).toContain('A used join ticket came back with other keys');
  });

  it('revoked, unknown and damaged tickets are told apart', async () => {
    const ticket = await newTicket();
    const reading = readTicket(ticket);
    if (!reading.ok) throw new Error(reading.reason);
    expect(await command('ticket', 'revoke', reading.ticket.id)).toMatchObject({ code: 0 });
    const revoked = await failing('late', ticket);
    expect(revoked).toMatchObject({ code: 7, stderr: expect.stringContaining('the ticket was revoked') });
    const forged = makeTicket(reading.ticket).text.revealText();
    const unknown = await failing('late', forged);
    expect(unknown).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('there is no such ticket here'),
    });
    const damaged = await failing(
      'late',
      ticket.replace(/.(?=.{40}$)/, (letter) => (letter === 'A' ? 'B' : 'A')),
    );
    expect(damaged).toMatchObject({ code: 2, stderr: expect.stringContaining('The ticket is damaged') });
    expect(damaged.stderr).not.toContain('Asking');
  });

  it('where a ticket is what admits, the cluster secret alone does not', async () => {
    const admission = {
      method: 'POST',
      body: '{"admission":"ticket"}',
      headers: { 'content-type': 'application/json' },
    };
    expect((await first().client.ask('/api/fleet/cluster/admission', admission)).status).toBe(204);
    const stranger = await cluster.add();
    await stranger.process.start();
    await eventually('it waits', WAIT_MS, () => finding('self_not_admitted', stranger.client));
    const one = await newcomer('new-03', await newTicket());
    await one.process.start();
    await known(one);
    expect(readFileSync(one.configPath, 'utf8')).toContain('admission: "ticket"');
    expect([await isMember(stranger.name), await isMember('new-03')]).toEqual([false, true]);
    await stranger.process.kill();
  });

  it('one that was evicted and readmitted comes back with new keys, and the secret that counts now', async () => {
    const one = newcomers.find(({ name }) => name === 'new-05') as Newcomer;
    const before = readFileSync(one.configPath, 'utf8');
    expect(await command('evict', one.name, '--yes')).toMatchObject({ code: 0 });
    expect(await command('readmit', one.name)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`server --join - --node-id ${one.name}\n`),
    });
    one.renew(await newTicket());
    await expect(one.process.start()).rejects.toThrow('these keys were evicted');
    expect(one.process.log()).toContain(`join again with --node-id ${one.name}\n`);
    rmSync(join(one.folder, 'data/identity.json'));
    await one.process.start();
    await known(one);
    const secretIn = (text: string) => /cluster_secret: "(.+)"/.exec(text)?.[1];
    const after = readFileSync(one.configPath, 'utf8');
    expect(secretIn(after)).not.toBe(secretIn(before));
    expect(after).toContain('# of this machine alone');
  });

  it('no log says a ticket or a secret', () => {
    const { clusterSecret, apiKey, encryptionKey, dbEncryptionKey } = cluster.secrets;
    const secrets = [...tickets, clusterSecret, apiKey, encryptionKey, dbEncryptionKey, REDIS_PASSWORD];
    for (const { process } of [...cluster.servers, ...newcomers])
      for (const secret of secrets) expect(process.log()).not.toContain(secret);
  });
});

interface Newcomer {
  readonly name: string;
  readonly folder: string;
  readonly configPath: string;
  readonly process: AtlasProcess;
  readonly client: FleetClient;
  /** The same folder, run with another name. */
  readonly as: (nodeId: string) => Newcomer;
  /** Another ticket for it. */
  readonly renew: (ticket: string) => void;
}

interface Roster {
  readonly members: readonly { readonly node_id: string }[];
}
