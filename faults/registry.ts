/** A hand in the registry of a stand, as nobody but an attacker has one: reads, writes and removes any slot. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'redis';
import type { RecordType } from '../src/protocol/keyring.ts';
import { NEWCOMERS_KEY, slotKey } from '../src/protocol/registry-key.ts';
import type { Stand } from './stand.ts';

export interface Registry {
  read(type: RecordType, nodeId: string): Promise<Buffer>;
  /** Whole at once. */
  write(type: RecordType, nodeId: string, bytes: Uint8Array): Promise<void>;
  remove(type: RecordType, nodeId: string): Promise<void>;
}

export function registryOf({ backends, cluster }: Stand): Registry {
  const { redis } = backends;
  return redis ? inRedis(redis.url) : inFolder(cluster.registry);
}

function inFolder(folder: string): Registry {
  const path = (type: RecordType, nodeId: string) => join(folder, type, `${nodeId}.json`);
  return {
    read: (type, nodeId) => readFile(path(type, nodeId)),
    write: async (type, nodeId, bytes) => {
      const draft = join(folder, `.draft-${nodeId}`);
      await writeFile(draft, bytes);
      await rename(draft, path(type, nodeId));
    },
    remove: (type, nodeId) => rm(path(type, nodeId), { force: true }),
  };
}

const clientOf = (url: string) => createClient({ url });

function inRedis(url: string): Registry {
  const once = async <T>(use: (client: ReturnType<typeof clientOf>) => Promise<T>): Promise<T> => {
    const client = clientOf(url);
    await client.connect();
    try {
      return await use(client);
    } finally {
      client.destroy();
    }
  };
  return {
    read: (type, nodeId) =>
      once(async (client) => Buffer.from((await client.get(slotKey(type, nodeId))) ?? '')),
    write: (type, nodeId, bytes) =>
      once(async (client) => {
        await client.set(slotKey(type, nodeId), Buffer.from(bytes));
        await client.sAdd(NEWCOMERS_KEY, nodeId);
      }),
    remove: (type, nodeId) =>
      once(async (client) => {
        await client.del(slotKey(type, nodeId));
        await client.sRem(NEWCOMERS_KEY, nodeId);
      }),
  };
}
