/** What every record of packages promises, whatever its engine (src/store/package-store.ts). */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PackageBuild, PackageStore, StoredBuild } from '../../src/store/package-store.ts';

export interface OpenedPackageStore {
  readonly store: PackageStore;
  close(): Promise<void>;
}

const NOW = Date.UTC(2026, 10, 21, 12);
const READY = { state: 'ready', file: { size: 91_000_000, sha256: 'ab'.repeat(32) } } as const;
const FAILED = { state: 'failed', file: null } as const;

let made = 0;

export function makePackageBuild(changes: Partial<PackageBuild> = {}): PackageBuild {
  made += 1;
  return {
    buildId: `build-${made}`,
    kind: 'cluster-node',
    fileName: 'FleetServerClusterNode.pkg',
    architecture: 'universal',
    version: '0.1.0',
    credentials: 'embedded',
    contents: [
      { name: 'cluster_secret', why: 'Proves it to the others.', secret: true, fingerprint: 'e7a1' },
      { name: 'redis_host', why: 'Where the registry is.', secret: false, fingerprint: null },
    ],
    nodeName: null,
    ticketId: null,
    signed: false,
    note: '',
    builtBy: { kind: 'user', name: 'ada' },
    builtAtMs: NOW,
    nodeId: 'server-01',
    ...changes,
  };
}

/** As it is told before anything became of it. */
const begun = (build: PackageBuild): StoredBuild => ({ ...build, outcome: null, revokedAtMs: null });

export function packageStoreContract(open: () => Promise<OpenedPackageStore>): void {
  let opened: OpenedPackageStore;
  let store: PackageStore;
  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.close());

  const add = async (...changes: Partial<PackageBuild>[]): Promise<PackageBuild[]> => {
    const builds = changes.map((one) => makePackageBuild(one));
    for (const build of builds) await store.add(build);
    return builds;
  };
  const ids = (builds: readonly PackageBuild[]) => builds.map(({ buildId }) => buildId);

  it('gives back what was added, as it was', async () => {
    const builds = await add(
      {},
      { kind: 'agent', credentials: 'none', contents: [], architecture: 'arm64', signed: true },
      { nodeName: 'server-04', ticketId: '0011223344556677', credentials: 'ticket' },
      { note: 'half of a pair \ud800, and NUL \0 "quoted"', builtBy: { kind: 'local', name: '' } },
    );
    const { builds: listed, nextBefore } = await store.list({ limit: 100 });
    expect(listed).toEqual(builds.map(begun).reverse());
    expect(nextBefore).toBeNull();
    for (const build of builds) expect(await store.find(build.buildId)).toEqual(begun(build));
  });

  it('finds nothing under an id that nothing has, whatever stands in it', async () => {
    await add({});
    for (const id of ['', 'nothing', 'NUL \0', "' or 1 = 1 --", 'half \ud800'])
      expect(await store.find(id)).toBeNull();
  });

  it('keeps the first word on how it ended', async () => {
    const [ready, failed, open] = ids(await add({}, {}, {}));
    await store.finish(ready ?? '', READY);
    await store.finish(ready ?? '', FAILED);
    await store.finish(failed ?? '', FAILED);
    await store.finish('nothing', READY);
    const outcomes = (await store.list({ limit: 9 })).builds.map(({ outcome }) => outcome);
    expect(outcomes).toEqual([null, FAILED, READY]);
    expect((await store.find(open ?? ''))?.outcome).toBeNull();
  });

  it('keeps the first time at which it was revoked', async () => {
    const [revoked, other] = ids(await add({}, {}));
    await store.revoke(revoked ?? '', NOW + 1);
    await store.revoke(revoked ?? '', NOW + 2);
    expect((await store.find(revoked ?? ''))?.revokedAtMs).toBe(NOW + 1);
    expect((await store.find(other ?? ''))?.revokedAtMs).toBeNull();
  });

  it('has the newest first by the order of beginning, whatever the clocks said, page by page', async () => {
    const builds = await add({ builtAtMs: NOW + 9_000 }, { builtAtMs: NOW - 9_000 }, {}, {});
    const first = await store.list({ limit: 2 });
    await add({});
    const second = await store.list({ limit: 2, before: first.nextBefore ?? 0 });
    expect([...ids(first.builds), ...ids(second.builds)]).toEqual(ids(builds).reverse());
    expect(first.nextBefore).not.toBeNull();
    expect(second.nextBefore).toBeNull();
  });

  it('says when the next one was begun by which an unnamed newcomer may have come', async () => {
    const [first, , , , failed, last] = await add(
      { builtAtMs: NOW + 1 },
      { builtAtMs: NOW + 2, nodeName: 'server-04' },
      { builtAtMs: NOW + 3, credentials: 'ticket', ticketId: '0011223344556677' },
      { builtAtMs: NOW + 4, kind: 'agent' },
      { builtAtMs: NOW + 5 },
      { builtAtMs: NOW + 6 },
    );
    await store.finish(failed?.buildId ?? '', FAILED);
    expect(await store.nextUnnamedAtMs(first?.buildId ?? '')).toBe(NOW + 6);
    expect(await store.nextUnnamedAtMs(last?.buildId ?? '')).toBeNull();
    await store.finish(last?.buildId ?? '', READY);
    expect(await store.nextUnnamedAtMs(first?.buildId ?? '')).toBe(NOW + 6);
    expect(await store.nextUnnamedAtMs('nothing')).toBeNull();
  });

  it('tells the tickets of packages that this server began before then, and that are neither ready nor revoked', async () => {
    const ticketId = '0011223344556677';
    const ticket = { credentials: 'ticket', ticketId } as const;
    const [lost, admitting, ready, failed, revoked, failedAndRevoked] = await add(
      ticket,
      { ticketId },
      ticket,
      ticket,
      ticket,
      ticket,
      { ...ticket, nodeId: 'server-02' },
      { ...ticket, builtAtMs: NOW + 1 },
      {},
    );
    await store.finish(ready?.buildId ?? '', READY);
    await store.finish(failed?.buildId ?? '', FAILED);
    await store.revoke(revoked?.buildId ?? '', NOW);
    await store.finish(failedAndRevoked?.buildId ?? '', FAILED);
    await store.revoke(failedAndRevoked?.buildId ?? '', NOW);
    const found = await store.lostTickets('server-01', NOW + 1);
    expect(found).toEqual([lost, admitting, failed].map((build) => ({ buildId: build?.buildId, ticketId })));
  });
}
