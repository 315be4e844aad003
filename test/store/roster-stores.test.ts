/** The chain of roster steps on every engine, and in the fake that other tests use. */
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { FileRosterStore } from '../../src/store/file/roster-store.ts';
import { RedisConnection } from '../../src/store/redis/connection.ts';
import { RedisRosterStore } from '../../src/store/redis/roster-store.ts';
import { RedisServer } from '../backends/redis.ts';
import { temporaryFolder } from '../config/config-file.ts';
import { rosterStoreContract } from '../contract/roster-store.ts';
import { FakeRosterStore } from '../fakes/roster-store.ts';

describe('in a folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  rosterStoreContract(async () => new FileRosterStore(folder));
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
