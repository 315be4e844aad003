/** The chain of roster steps on every engine, and in the fake that other tests use. */
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { FileMemberStore } from '../../src/store/file/member-store.ts';
import { RedisConnection } from '../../src/store/redis/connection.ts';
import { RedisRosterStore } from '../../src/store/redis/roster-store.ts';
import type { RosterStore } from '../../src/store/roster-store.ts';
import { RedisServer } from '../backends/redis.ts';
import { temporaryFolder } from '../config/config-file.ts';
import { rosterStoreContract } from '../contract/roster-store.ts';
import { ManualClock } from '../fakes/clock.ts';
import { FakeRosterStore } from '../fakes/roster-store.ts';

describe('in a folder', () => {
  let statePath: string;
  beforeEach(() => {
    statePath = temporaryFolder();
  });
  const open = async (clock: Clock = systemClock) =>
    (await FileMemberStore.open({ statePath, nodeId: 'alice', clock })).roster;
  rosterStoreContract(open);

  const UNAVAILABLE = { code: 'member_store_unavailable' };
  const step = Buffer.from('step');
  const callsOf = (store: RosterStore) => [
    () => store.read(0, 1),
    () => store.append(0, step),
    () => store.replace(0, step),
    () => store.cut(0),
  ];

  it('follows no link in the place of its folder: a stranger’s file behind it stays, and none comes', async () => {
    const store = await open();
    const strangers = temporaryFolder();
    writeFileSync(join(strangers, '0.json'), 'a stranger’s');
    symlinkSync(strangers, join(statePath, 'roster'));
    const refused = { ...UNAVAILABLE, message: expect.stringMatching(/roster is a link$/) };
    for (const call of callsOf(store)) await expect(call()).rejects.toMatchObject(refused);
    expect(readdirSync(strangers)).toEqual(['0.json']);
    expect(readFileSync(join(strangers, '0.json'), 'utf8')).toBe('a stranger’s');
  });

  it.each([0, 1, 2, 3])('that hangs ends every call after its time (%i)', async (which) => {
    const clock = new ManualClock();
    const store = await open(clock);
    const hanging = callsOf(store)[which]?.();
    void clock.advance(5000); // at once, before any answer can come
    await expect(hanging).rejects.toMatchObject(UNAVAILABLE);
  });

  it('that hangs is not asked by the roster either while the members wait for it', async () => {
    const clock = new ManualClock();
    const registry = await FileMemberStore.open({ statePath, nodeId: 'alice', clock });
    const hanging = registry.read([], 64);
    void clock.advance(5000);
    await expect(hanging).rejects.toMatchObject(UNAVAILABLE);
    await expect(registry.roster.read(0, 1)).rejects.toMatchObject({
      ...UNAVAILABLE,
      cause: expect.objectContaining({ message: 'an earlier call still hangs' }),
    });
  });
});

describe('in Redis', () => {
  let redis: RedisServer;
  let connection: RedisConnection;
  beforeAll(async () => {
    redis = await RedisServer.start();
    const endpoint = { kind: 'single', host: '127.0.0.1', port: redis.port } as const;
    const access = { db: 0, username: null, password: null, tls: null, name: 'test' };
    connection = RedisConnection.open({ ...access, endpoint, clock: systemClock, log: silentLog });
  });
  beforeEach(async () => void (await redis.cli('flushall')));
  afterAll(async () => {
    connection?.close();
    await redis?.stop();
  });
  rosterStoreContract(async () => new RedisRosterStore(connection));
});

describe('in memory', () => {
  let fake: FakeRosterStore;
  beforeEach(() => {
    fake = new FakeRosterStore();
  });
  rosterStoreContract(async () => fake);
});
