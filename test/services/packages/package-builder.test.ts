/** The building of packages on the real services: what is told before, what is taken back after, and what became of it. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AtlasError } from '../../../src/base/errors.ts';
import type { HandedPackage } from '../../../src/services/packages/handed-package.ts';
import { LostPackages } from '../../../src/services/packages/lost-packages.ts';
import { PackageBuilder } from '../../../src/services/packages/package-builder.ts';
import type { ClusterNodeOrder, PackageOrder } from '../../../src/services/packages/package-order.ts';
import { PackageReadiness } from '../../../src/services/packages/package-readiness.ts';
import { PackageRecords } from '../../../src/services/packages/package-records.ts';
import type { PackageMaterial } from '../../../src/services/packages/package-settings.ts';
import { PackagesUnderWay, UNDER_WAY_MS } from '../../../src/services/packages/packages-under-way.ts';
import { Audit } from '../../../src/services/people/audit.ts';
import { Tickets } from '../../../src/services/trust/tickets.ts';
import { makePackageBuild } from '../../contract/package-store.ts';
import { FakeAuditLog } from '../../fakes/audit-log.ts';
import { FakeLog } from '../../fakes/log.ts';
import { FakePackageStore } from '../../fakes/package-store.ts';
import { FakeProgram } from '../../fakes/program.ts';
import { KEYRING } from '../../protocol/signer.ts';
import { type Server, SmallCluster } from '../small-cluster.ts';

const BY = { actor: { kind: 'user', name: 'ada' }, address: '192.0.2.7' } as const;
const ORDER: ClusterNodeOrder = {
  kind: 'cluster-node',
  credentials: 'embedded',
  architecture: 'universal',
  fileName: 'FleetServerClusterNode.pkg',
  sign: false,
  note: '',
  nodeName: null,
  port: 8768,
  redisHost: null,
  redisPort: null,
  ticketLifeSeconds: 3600,
  existingConfig: 'keep',
};
const TICKET_ORDER: ClusterNodeOrder = { ...ORDER, credentials: 'ticket' };

/** Lets a test act in the middle of a build. */
class PausedProgram extends FakeProgram {
  meanwhile: () => Promise<void> = async () => {};

  override async files(...asked: Parameters<FakeProgram['files']>): ReturnType<FakeProgram['files']> {
    await this.meanwhile();
    return super.files(...asked);
  }
}

let small: SmallCluster;
let server: Server;
let second: Server;
let auditLog: FakeAuditLog;
let log: FakeLog;
let program: PausedProgram;
let store: FakePackageStore;
let tickets: Tickets;
let underWay: PackagesUnderWay;
let builder: PackageBuilder;
let records: PackageRecords;

const config = (text: string) => ({
  text,
  files: {},
  contents: [{ name: 'cluster_secret', why: 'Why.', secret: true, fingerprint: 'e7a1' }],
});
const configs: PackageMaterial['configs'] = {
  clusterNode: (order, { pin }, ticket) => {
    const text = ticket === null || ticket === 'later' ? '' : ticket.revealText();
    return config(`node: ${order.nodeName}\npin: ${pin.epoch}\nticket: ${text}\n`);
  },
  standalone: ({ port }) => config(`port: ${port}\n`),
  agent: (_, { servers }) => config(`servers: ${servers.join()}\n`),
};
const settings: PackageMaterial['settings'] = {
  version: '0.1.0',
  isClustered: true,
  registry: { kind: 'redis', host: '10.0.1.50', isLocal: false, hasPassword: true, tls: true },
  redis: { host: '10.0.1.50', port: 6379 },
  database: { engine: 'postgres', host: 'db.example.com', isLocal: false },
  port: 8768,
  tls: 'own',
  publicUrl: null,
  url: 'https://a.example.com:8768',
  agentIntervalSeconds: 10,
  isLocal: (host) => host === '127.0.0.1',
};

beforeEach(async () => {
  small = new SmallCluster({ intervalMs: 10_000, timeoutMs: 30_000 }, { roster: true });
  [server, second] = await small.startThree();
  auditLog = new FakeAuditLog();
  log = new FakeLog();
  program = new PausedProgram();
  store = new FakePackageStore();
  const { cluster, name: nodeId } = server;
  const clock = small.time;
  const audit = new Audit({ audit: auditLog, nodeId, clock, log });
  const spki = Buffer.alloc(32, 5).toString('base64');
  const describe = () => small.disk(nodeId).signer.nodeBody({ host: 'a.example.com', tls_spki_sha256: spki });
  tickets = new Tickets({ cluster, clock, audit, describe });
  const material = { settings, configs, program: async () => program, signing: async () => null };
  const readiness = new PackageReadiness({ ...material, nodeId, cluster, keyring: KEYRING, describe });
  const packages = store;
  underWay = new PackagesUnderWay();
  const parts = { packages, underWay, tickets, audit, nodeId, clock };
  builder = new PackageBuilder({ ...material, ...parts, readiness, log });
  records = new PackageRecords({ ...parts, cluster, nodes: () => [] });
});

async function bytesOf(built: HandedPackage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of built.read()) chunks.push(chunk);
  await underWay.settled();
  return Buffer.concat(chunks);
}

const build = (order: PackageOrder = ORDER) => builder.build(order, BY);
const told = () => auditLog.entries.map(({ action, outcome }) => `${action} ${outcome}`);
const ticketStates = () => tickets.list().map(({ state }) => state);

describe('a package', () => {
  it('is told of before it is put together, and has on record what went out', async () => {
    let before: string[] = [];
    program.meanwhile = async () => {
      before = told();
    };
    const built = await build({ ...ORDER, nodeName: 'server-04', note: 'for the attic' });
    expect(before).toEqual(['package.built done']);
    expect(auditLog.entries[0]).toMatchObject({
      actor: BY.actor,
      address: BY.address,
      subject: built.buildId,
      detail: { kind: 'cluster-node', credentials: 'embedded', node: 'server-04', note: 'for the attic' },
    });
    expect((await records.find(built.buildId)).state).toBe('building');
    const bytes = await bytesOf(built);
    expect(bytes.byteLength).toBe(built.size);
    expect(await records.find(built.buildId)).toMatchObject({
      state: 'ready',
      size_bytes: built.size,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      built_by: 'ada',
      ticket: null,
      joined: [],
    });
    expect(told()).toEqual(['package.built done']);
  });

  it('of the same order has the same bytes, whenever it is built', async () => {
    const order = { ...ORDER, nodeName: 'server-04' };
    const first = await bytesOf(await build(order));
    await small.intervals(3);
    expect((await bytesOf(await build(order))).equals(first)).toBe(true);
  });

  it('that nobody may have is told of in the audit log, and nothing is built when that cannot be', async () => {
    auditLog.failure = new AtlasError('store_unavailable', 'PostgreSQL does not answer');
    await expect(build()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect((await store.list({ limit: 9 })).builds).toEqual([]);
  });

  it('whose reader goes away failed, and the audit log says how much he has', async () => {
    const built = await build();
    for await (const _ of built.read()) break;
    await underWay.settled();
    expect((await records.find(built.buildId)).state).toBe('failed');
    expect(auditLog.entries.at(-1)).toMatchObject({ action: 'package.built', outcome: 'failed' });
  });

  it('that is never fetched failed, once', async () => {
    const built = await build();
    built.abandon();
    built.abandon();
    await underWay.settled();
    expect(told()).toEqual(['package.built done', 'package.built failed']);
    expect(auditLog.entries.at(-1)?.detail).toMatchObject({ handed_bytes: 0 });
  });

  it('of a server that died meanwhile is lost', async () => {
    const built = await build();
    const { clock, ...parts } = {
      packages: store,
      tickets,
      nodes: () => [],
      clock: small.time,
      cluster: null,
    };
    const others = { ...parts, clock, audit: { perform: async () => undefined as never }, nodeId: 'a' };
    const after = new PackageRecords({ ...others, underWay: { has: () => false } });
    expect((await after.find(built.buildId)).state).toBe('lost');
    const elsewhere = new PackageRecords({ ...others, nodeId: 'b', underWay: { has: () => false } });
    expect((await elsewhere.find(built.buildId)).state).toBe('building');
    built.abandon();
    await underWay.settled();
  });
});

describe('a package with a join ticket', () => {
  it('holds one that was made for it, and is worthless once revoked', async () => {
    const built = await build(TICKET_ORDER);
    await bytesOf(built);
    const [ticket] = tickets.list();
    expect(told()).toEqual(['ticket.created done', 'package.built done']);
    expect((await records.find(built.buildId)).ticket).toMatchObject({ id: ticket?.id, state: 'open' });
    await records.revoke(built.buildId, BY);
    expect(await records.find(built.buildId)).toMatchObject({
      ticket: { state: 'revoked' },
      revoked_at: expect.any(String),
    });
    await expect(records.revoke(built.buildId, BY)).rejects.toMatchObject({ code: 'ticket_revoked' });
  });

  it('takes it back when the package is not built, or not fetched', async () => {
    program.missing = { what: 'Node is not here.', mend: 'fetch it' };
    program.lack = async () => null;
    await expect(build(TICKET_ORDER)).rejects.toMatchObject({ code: 'runtime_missing' });
    expect(ticketStates()).toEqual(['revoked']);
    program.missing = null;
    const built = await build(TICKET_ORDER);
    built.abandon();
    await underWay.settled();
    expect(ticketStates()).toEqual(['revoked', 'revoked']);
  });

  it('has one beside the secrets where the cluster admits nobody without', async () => {
    await server.cluster.trust?.keeper.propose(() => [{ op: 'admission', admission: 'ticket' }]);
    const built = await build();
    await bytesOf(built);
    expect(ticketStates()).toEqual(['open']);
    await expect(records.revoke(built.buildId, BY)).rejects.toMatchObject({
      code: 'package_not_revocable',
      hint: expect.stringMatching(/^If it was lost: .*passwords .* first.* cluster security --leaks/),
    });
  });
});

describe('a rotation', () => {
  it('under way lets no package be built', async () => {
    await server.cluster.trust?.rotation.begin();
    await expect(build()).rejects.toMatchObject({
      code: 'package_not_ready',
      message: expect.stringContaining('The cluster secret is being changed'),
      hint: expect.stringContaining('Wait until the rotation is over'),
      parts: [{ pointer: '/checks/rotation' }],
    });
    expect(told()).toEqual([]);
  });

  it('that begins while a package is put together lets none of it out', async () => {
    program.meanwhile = async () => void (await server.cluster.trust?.rotation.begin());
    await expect(build(TICKET_ORDER)).rejects.toMatchObject({ code: 'package_not_ready' });
    expect(ticketStates()).toEqual(['revoked']);
    const [record] = (await records.list({ limit: 9 })).items;
    expect(record?.state).toBe('failed');
  });
});

describe('what stands in the way', () => {
  it('is said with its mend, all of it at once, before anything is written down', async () => {
    program.missing = { what: 'Node is not here.', mend: 'atlas-fleet runtime fetch' };
    const order = { ...ORDER, redisHost: '127.0.0.1' };
    await expect(build(order)).rejects.toMatchObject({
      code: 'package_not_ready',
      message: expect.stringContaining('Redis is at 127.0.0.1'),
      parts: [{ pointer: '/checks/registry_address' }, { pointer: '/checks/program' }],
    });
    expect(told()).toEqual([]);
  });

  it('is a name that a server of the cluster has, up or down, in whatever capitals', async () => {
    second.clock.kill();
    const taken = { code: 'package_not_ready', parts: [{ pointer: '/checks/node_name' }] };
    await expect(build({ ...ORDER, nodeName: second.name.toUpperCase() })).rejects.toMatchObject({
      ...taken,
      hint: `Choose another name, or remove the old server first: atlas-fleet cluster remove ${second.name}.`,
    });
    await expect(build({ ...ORDER, nodeName: server.name })).rejects.toMatchObject({
      ...taken,
      hint: expect.not.stringContaining('remove'),
    });
    expect(told()).toEqual([]);
  });

  it('is also a signature that nobody here can make', async () => {
    await expect(build({ ...ORDER, sign: true })).rejects.toMatchObject({ code: 'signer_missing' });
  });

  it('takes from its own orders alone: others still have theirs built, and the administrator here always', async () => {
    const busyNow = { code: 'packages_busy', retryAfterSeconds: 10 };
    const orderOf = (kind: 'token' | 'local', name: string) =>
      builder.build(ORDER, { actor: { kind, name }, address: null });
    const slow: HandedPackage[] = [];
    for (const name of ['a', 'a', 'a', 'a']) slow.push(await orderOf('token', name));
    await expect(orderOf('token', 'a')).rejects.toMatchObject(busyNow);
    for (const name of 'bbbbccccddd') slow.push(await orderOf('token', name));
    await expect(orderOf('token', 'd')).rejects.toMatchObject(busyNow);
    await expect(orderOf('token', 'e')).rejects.toMatchObject(busyNow);
    slow.push(await orderOf('local', ''));
    await expect(orderOf('local', '')).rejects.toMatchObject(busyNow);
    for (const built of slow) built.abandon();
    await underWay.settled();
    await bytesOf(await orderOf('token', 'a'));
  });

  it('is not put together for who has gone while it waited, and costs no ticket', async () => {
    const gate = Promise.withResolvers<void>();
    program.meanwhile = () => gate.promise;
    const running = [build(), build()];
    const gone = new AbortController();
    const waiting = builder.build(TICKET_ORDER, BY, gone.signal);
    gone.abort();
    gate.resolve();
    await expect(waiting).rejects.toMatchObject({ code: 'packages_busy' });
    for (const built of await Promise.all(running)) built.abandon();
    await underWay.settled();
    expect(tickets.list()).toEqual([]);
    expect((await records.list({ limit: 9 })).items).toHaveLength(2);
  });
});

describe('a package that did not arrive', () => {
  const lostPackages = () => {
    const { name: nodeId } = server;
    const lost = new LostPackages({ packages: store, underWay, tickets, nodeId, clock: small.time, log });
    onTestFinished(() => lost.stop());
    return lost;
  };

  it('lets nobody in a while later, where its ticket could not be taken back at once', async () => {
    const lost = lostPackages();
    lost.start();
    const built = await builder.build({ ...TICKET_ORDER, ticketLifeSeconds: 86_400 }, BY);
    auditLog.failure = new AtlasError('store_unavailable', 'PostgreSQL does not answer');
    built.abandon();
    await underWay.settled();
    expect(log.events()).toContain('package.unsettled');
    await small.time.advance(2 * UNDER_WAY_MS);
    expect([(await records.find(built.buildId)).state, ...ticketStates()]).toEqual(['failed', 'open']);
    auditLog.failure = undefined;
    await small.time.advance(UNDER_WAY_MS);
    await expect.poll(async () => (await store.find(built.buildId))?.revokedAtMs).not.toBeNull();
    expect([(await records.find(built.buildId)).state, ...ticketStates()]).toEqual(['failed', 'revoked']);
  });

  it('leaves nothing to do when its ticket lets nobody in any more', async () => {
    const built = await build(TICKET_ORDER);
    const [ticket] = tickets.list();
    await tickets.revoke(ticket?.id ?? '', BY);
    built.abandon();
    await underWay.settled();
    expect(log.events()).not.toContain('package.unsettled');
    expect((await store.find(built.buildId))?.revokedAtMs).not.toBeNull();
  });

  it('although this server never said so, lets nobody in once it can no longer be on its way, and one that still is stays as it is', async () => {
    const { id: ticketId } = await tickets.create({ lifeSeconds: 86_400 }, BY);
    const builtAtMs = small.time.wallMs();
    const { name: nodeId } = server;
    const dead = makePackageBuild({ credentials: 'ticket', ticketId, nodeId, builtAtMs });
    await store.add(dead);
    const slow = await builder.build({ ...TICKET_ORDER, ticketLifeSeconds: 86_400 }, BY);
    lostPackages().start();
    await small.time.advance(UNDER_WAY_MS - 1);
    expect(ticketStates()).toEqual(['open', 'open']);
    await small.time.advance(UNDER_WAY_MS + 1);
    await expect.poll(async () => (await store.find(dead.buildId))?.revokedAtMs).not.toBeNull();
    expect(tickets.list().map(({ id, state }) => [id === ticketId, state])).toEqual([
      [false, 'open'],
      [true, 'revoked'],
    ]);
    expect(auditLog.entries.at(-1)).toMatchObject({ action: 'ticket.revoked', actor: { kind: 'system' } });
    expect((await records.find(dead.buildId)).revoked_at).not.toBeNull();
    await bytesOf(slow);
  });
});

it('a package that no ticket alone is in cannot be revoked, and it is said what helps', async () => {
  const common = { architecture: 'arm64', sign: false, note: '' } as const;
  const agent = { ...common, kind: 'agent', fileName: 'a.pkg', servers: null, intervalSeconds: 10 } as const;
  const alone = { ...common, kind: 'standalone', fileName: 's.pkg', port: 8768 } as const;
  for (const [order, hint] of [
    [ORDER, 'cluster security --leaks'],
    [agent, 'change server.api_key'],
    [alone, 'delete the file'],
  ] as const) {
    const built = await build(order);
    await bytesOf(built);
    await expect(records.revoke(built.buildId, BY)).rejects.toMatchObject({
      code: 'package_not_revocable',
      hint: expect.stringContaining(hint),
    });
  }
  await expect(records.revoke('nothing', BY)).rejects.toMatchObject({ code: 'package_unknown' });
});

it('the list is read page by page, and a cursor that no list gave is refused', async () => {
  for (let made = 0; made < 3; made += 1) (await build()).abandon();
  await underWay.settled();
  const first = await records.list({ limit: 2 });
  const second = await records.list({ limit: 2, cursor: first.next_cursor ?? '' });
  expect([first.items.length, second.items.length, second.next_cursor]).toEqual([2, 1, null]);
  await expect(records.list({ limit: 2, cursor: 'AAAA' })).rejects.toMatchObject({ code: 'bad_cursor' });
});
