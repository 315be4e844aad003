/**
 * A config.yaml with a ticket, as a package leaves it on a machine, and real servers: started as any other, it joins,
 * waits where time may mend, and ends where it may not.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { setKey } from '../../src/config/edit.ts';
import { joinValues } from '../../src/config/join-values.ts';
import { type ClusterNodeConfigTerms, clusterNodeConfig } from '../../src/config/package-config.ts';
import { makeTicket, readTicket, type Ticket } from '../../src/protocol/ticket.ts';
import { RedisServer } from '../backends/redis.ts';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { FastServer, SAYS_EXPIRED } from '../cli/fast-server.ts';
import { loaded } from '../config/config-file.ts';
import { AnswerEater } from './answer-eater.ts';
import { AtlasProcess } from './atlas-process.ts';
import { controlFetch } from './control-fetch.ts';
import { eventually } from './eventually.ts';
import { FleetClient } from './fleet-client.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { freePorts } from './loopback-ports.ts';

const WAIT_MS = 90_000;
/** Where the servers say they are: what knocks there can be kept apart from the rest of loopback. */
const SHOWN = '::1';

let redis: RedisServer;
let cluster: LiveCluster;
let eater: AnswerEater;
const newcomers: Newcomer[] = [];

beforeAll(async () => {
  redis = await RedisServer.start({ password: 'a password of Redis that nobody may see' });
  const values = { 'server.tls': 'own', 'server.public_url': `https://[${SHOWN}]` };
  cluster = await LiveCluster.start({ servers: 2, values, redis });
  eater = await AnswerEater.open({ from: SHOWN, to: '127.0.0.1', port: first().port });
});

afterAll(async () => {
  await Promise.all(newcomers.map(({ process }) => process.kill()));
  await eater?.close();
  await cluster?.stop();
  await redis?.stop();
});

interface Newcomer {
  readonly name: string;
  readonly root: string;
  readonly configPath: string;
  readonly port: number;
  readonly process: AtlasProcess;
  readonly config: () => string;
  /** What it says in its own file. */
  readonly log: () => string;
}

const first = () => cluster.servers[0] as LiveServer;
const command = (...args: string[]) => atlasFleet(['cluster', ...args, '--config', first().configPath]);

async function newTicket(): Promise<string> {
  const { code, stdout } = await command('ticket', 'create');
  expect(code).toBe(0);
  return stdout.trim();
}

function opened(text: string): Ticket {
  const reading = readTicket(text);
  if (!reading.ok) throw new Error(reading.reason);
  return reading.ticket;
}

/** A folder with the config.yaml of a package, and of its own an address that nobody else reaches. */
async function newcomer(
  name: string,
  ticket: string,
  credentials: ClusterNodeConfigTerms['credentials'],
): Promise<Newcomer> {
  const root = join(cluster.folder, name);
  mkdirSync(join(root, 'data'), { mode: 0o700, recursive: true });
  const { clusterId, epoch, hash: digest } = opened(ticket);
  const clusterSecret = new Secret(Buffer.from(cluster.secrets.clusterSecret, 'base64'));
  const terms = { clusterId, clusterSecret, admission: 'ticket', pin: { epoch, digest } } as const;
  const port = await freePorts(1);
  const logPath = join(root, 'fleet-server.log');
  const { text } = clusterNodeConfig({
    shared: joinValues(loaded(first().configPath), terms),
    credentials,
    ticket: Secret.fromText(ticket),
    nodeName: name,
    port,
    redisHost: null,
    redisPort: null,
    place: { root, log: logPath },
  });
  const here = setKey(text, 'server.host', '127.0.0.1');
  const configPath = join(root, 'config.yaml');
  writeFileSync(configPath, `${here}\n# of this machine alone\n`, { mode: 0o600 });
  const made = {
    ...{ name, root, configPath, port },
    process: new AtlasProcess({ command: 'server', configPath, logPath: join(root, 'crash.log') }),
    config: () => readFileSync(configPath, 'utf8'),
    log: () => readFileSync(logPath, 'utf8'),
  };
  newcomers.push(made);
  return made;
}

const start = ({ configPath }: Newcomer) => atlasFleet(['server', '--config', configPath]);

async function isHealthyFor(client: FleetClient, name: string): Promise<boolean> {
  const nodes = await client.nodes();
  return nodes.some(
    (node) => node.node_id === name && node.state === 'healthy' && node.signature === 'verified',
  );
}

async function known({ name, root, port }: Newcomer): Promise<void> {
  const url = `https://127.0.0.1:${port}`;
  const client = new FleetClient(url, () => undefined, controlFetch(join(root, 'data')));
  for (const server of cluster.servers) {
    await eventually(`${server.name} sees ${name}`, WAIT_MS, () => isHealthyFor(server.client, name));
    await eventually(`${name} sees ${server.name}`, WAIT_MS, () => isHealthyFor(client, server.name));
  }
}

const isMember = async (name: string) => {
  const { members } = await first().client.get<Roster>('/api/fleet/cluster/roster');
  return members.some(({ node_id }) => node_id === name);
};

interface Roster {
  readonly members: readonly { readonly node_id: string }[];
}

describe('a config.yaml with a ticket', () => {
  let one: Newcomer;

  it('and no secret joins when it is started; the ticket is gone, and all else stays', async () => {
    one = await newcomer('new-01', await newTicket(), 'ticket');
    const before = one.config();
    await one.process.start();
    await known(one);
    expect(one.config()).not.toContain('join_ticket');
    expect(one.config()).toContain(`cluster_secret: "${cluster.secrets.clusterSecret}"`);
    expect(one.config()).toMatch(/\n# of this machine alone\n$/);
    for (const line of before.split('\n').filter((text) => /port|node_id|hostname|file:/.test(text)))
      expect(one.config()).toContain(line);
    expect(statSync(one.configPath).mode & 0o777).toBe(0o600);
    expect(one.log()).toMatch(/Asking https:\S+ to let new-01 in/);
    await one.process.kill();
    await one.process.start();
    await known(one);
  });

  it('of a member that still has one starts without it, and takes it out', async () => {
    await one.process.kill();
    const bare = one.config();
    const ticket = await newTicket();
    writeFileSync(one.configPath, setKey(bare, 'cluster.join_ticket', ticket));
    await eventually('its copy of the roster reaches to the ticket', WAIT_MS, async () => {
      await one.process.start();
      await one.process.kill();
      return one.config() === bare;
    });
    expect(one.log()).toContain('This server is a member already: took the join ticket out of');
    const { stdout } = await command('ticket', 'list', '--json');
    expect(JSON.parse(stdout).items[0].state).toBe('open');
  });

  it('of a member that lost its copy of the roster is told so, and starts without it', async () => {
    const bare = one.config();
    writeFileSync(one.configPath, setKey(bare, 'cluster.join_ticket', await newTicket()));
    rmSync(join(one.root, 'data/roster'), { recursive: true });
    await one.process.start();
    await known(one);
    expect(one.config()).toBe(bare);
  });

  it('of a member that lost its secrets says where they may be, and is good once it was removed', async () => {
    await one.process.kill();
    const bare = await newcomer('new-01', await newTicket(), 'ticket');
    const ended = await start(bare);
    expect(ended).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('these keys are of a member already: new-01'),
    });
    expect(ended.stderr).toContain(`kept it as ${bare.configPath}.before`);
    const remove = async () => (await command('remove', 'new-01', '--yes')).code === 0;
    await eventually('it runs for nobody any more, and is removed', WAIT_MS, remove);
    await bare.process.start();
    await known(bare);
    await bare.process.kill();
  });
});

it('killed after the ticket was used and before it was written down, it joins at the next start', async () => {
  const one = await newcomer('new-02', await newTicket(), 'ticket');
  const before = one.config();
  eater.mayPass = async () => !(await isMember('new-02'));
  const killed = one.process.start().catch((error: Error) => error.message);
  await eventually('the answer is lost', WAIT_MS, () => eater.eaten > 0);
  await one.process.kill();
  expect([await killed, one.config()]).toEqual([expect.stringContaining('instead of starting'), before]);
  eater.mayPass = async () => true;
  await one.process.start();
  await known(one);
});

it('with all secrets it joins by its ticket where a secret alone admits nobody', async () => {
  expect(await command('admission', 'ticket')).toMatchObject({ code: 0 });
  const one = await newcomer('new-03', await newTicket(), 'embedded');
  await one.process.start();
  await known(one);
  expect(one.config()).not.toContain('join_ticket');
});

it('while no server can be asked it waits, and joins when one can', async () => {
  const one = await newcomer('new-04', await newTicket(), 'ticket');
  await Promise.all([...cluster.servers, ...newcomers].map(({ process }) => process.kill()));
  const started = one.process.start();
  await eventually('it waits', WAIT_MS, () => one.log().includes('Not joined yet, asking again in 2 s'));
  expect(one.process.isRunning).toBe(true);
  await Promise.all(cluster.servers.map(({ process }) => process.start()));
  await started;
  await known(one);
});

it('ends at once when it is told to while it waits', async () => {
  const ticket = opened(await newTicket());
  const servers = [
    { url: `https://127.0.0.1:${await freePorts(1)}`, spki_sha256: ticket.servers[0]?.spki_sha256 ?? '' },
  ];
  const one = await newcomer('new-05', makeTicket({ ...ticket, servers }).text.revealText(), 'ticket');
  const started = one.process.start().catch((error: Error) => error.message);
  await eventually('it waits', WAIT_MS, () => one.log().includes('nothing listens there'));
  expect(one.log()).toContain(`another ticket goes into ${one.configPath} as cluster.join_ticket`);
  expect(await one.process.terminate()).toBe(0);
  expect(await started).toContain('ended with 0 instead of starting');
});

describe('a ticket that is good for nothing ends it, and stays where it is:', () => {
  async function refused(name: string, ticket: string, sentence: string, code = 7): Promise<void> {
    const one = await newcomer(name, ticket, 'ticket');
    const before = one.config();
    const ended = await start(one);
    expect(ended).toMatchObject({ code, stderr: expect.stringContaining(`error: ${sentence}`) });
    expect(ended.stderr).toContain('atlas-fleet cluster ticket create');
    expect(ended.stderr).toContain(`goes into ${one.configPath} as cluster.join_ticket`);
    expect(one.log()).toContain(sentence);
    expect(one.config()).toBe(before);
    expect(ended.stderr + one.log()).not.toContain(ticket);
  }

  it('used by another', async () => {
    const ticket = await newTicket();
    const one = await newcomer('new-06', ticket, 'ticket');
    await one.process.start();
    await refused('thief', ticket, 'the ticket has admitted another server: new-06');
    await one.process.kill();
  });

  it('revoked', async () => {
    const ticket = await newTicket();
    expect(await command('ticket', 'revoke', opened(ticket).id)).toMatchObject({ code: 0 });
    await refused('late-01', ticket, 'the ticket was revoked');
  });

  it('run out', async () => {
    const fast = await FastServer.open();
    const ticket = makeTicket({ ...opened(await newTicket()), servers: [fast.server] }).text.revealText();
    await refused('late-02', ticket, SAYS_EXPIRED);
    await fast.close();
  });

  it('known to nobody', async () => {
    const forged = makeTicket(opened(await newTicket())).text.revealText();
    await refused('late-03', forged, 'there is no such ticket here', 4);
  });
});

it('writes over no config.yaml of another cluster', async () => {
  const one = await newcomer('other', await newTicket(), 'embedded');
  const text = setKey(one.config(), 'cluster.cluster_id', '0'.repeat(32));
  writeFileSync(one.configPath, text);
  const ended = await start(one);
  expect(ended).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('is not of the cluster that its join_ticket is for'),
  });
  expect(one.config()).toBe(text);
});
