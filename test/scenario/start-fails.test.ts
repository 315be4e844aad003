/** A server whose start fails half-way lets go of all that it had opened: the next start finds nothing in its way. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createConfig } from '../../src/config/config-file.ts';
import { controlPath } from '../../src/config/control-path.ts';
import { freshConfig } from '../../src/config/fresh-config.ts';
import { generateSecretText } from '../../src/protocol/keyring.ts';
import { makeBackendFolder, removeBackendFolder } from '../backends/backend-folder.ts';
import { RedisServer } from '../backends/redis.ts';
import { eventually } from './eventually.ts';
import { startNodeHere } from './node-here.ts';

const WAIT_MS = 30_000;

let folder: string;
let redis: RedisServer;
let squatter: Server;
let configPath: string;

beforeAll(async () => {
  folder = makeBackendFolder('start-fails');
  redis = await RedisServer.start();
  squatter = createServer();
  const port = await new Promise<number>((resolve) => {
    squatter.listen(0, '127.0.0.1', () => resolve((squatter.address() as { port: number }).port));
  });
  configPath = join(folder, 'config.yaml');
  const values = {
    'server.host': '127.0.0.1',
    'server.port': port,
    'server.tls': 'off',
    'server.data_dir': join(folder, 'data'),
    'server.api_key': generateSecretText(),
    'server.encryption_key': generateSecretText(),
    'server.db_encryption_key': generateSecretText(),
    'database.url': `sqlite:${join(folder, 'fleet.db')}`,
    'cluster.enabled': true,
    'cluster.backend': 'redis',
    'cluster.redis_host': '127.0.0.1',
    'cluster.redis_port': redis.port,
    ...(redis.password !== undefined && { 'cluster.redis_password': redis.password }),
    'cluster.cluster_id': randomBytes(16).toString('hex'),
    'cluster.cluster_secret': generateSecretText(),
  };
  createConfig(configPath, freshConfig(values));
}, WAIT_MS);

afterAll(async () => {
  squatter?.close();
  await redis?.stop();
  if (folder) removeBackendFolder(folder);
});

/** Connections to Redis, but for the one that asks. */
async function connections(): Promise<number> {
  return (await redis.cli('client', 'list')).trim().split('\n').length - 1;
}

it('leaves no connection, door or lock behind, and starts when the port is free', async () => {
  await expect(startNodeHere(configPath)).rejects.toMatchObject({ code: 'port_taken' });
  await eventually('Redis is let go', WAIT_MS, async () => (await connections()) === 0);
  expect(existsSync(controlPath(join(folder, 'data')))).toBe(false);

  await new Promise((resolve) => squatter.close(resolve));
  const node = await startNodeHere(configPath);
  expect(await connections()).toBeGreaterThan(0);
  await node.stop(0);
  await eventually('Redis is let go again', WAIT_MS, async () => (await connections()) === 0);
});
