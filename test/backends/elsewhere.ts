/**
 * A real Redis and a real PostgreSQL that are, by their address, no business of one machine alone: 0.0.0.0, which on
 * this one is loopback all the same. PostgreSQL shows a certificate for it. For tests in which nobody else comes.
 */
import { randomBytes } from 'node:crypto';
import type { FreshValues } from '../../src/config/fresh-config.ts';
import { makeRedisCertificates } from '../store/redis-certificates.ts';
import { makeBackendFolder, removeBackendFolder } from './backend-folder.ts';
import { own, PostgresServer } from './postgres.ts';
import { RedisServer } from './redis.ts';

const ELSEWHERE = '0.0.0.0';

export class BackendsElsewhere {
  readonly redis: RedisServer;
  readonly databaseUrl: string;
  /** Of the config.yaml of every server. */
  readonly values: FreshValues;
  readonly #postgres: PostgresServer;
  readonly #keys: string;

  private constructor(
    redis: RedisServer,
    postgres: PostgresServer,
    databaseUrl: string,
    keys: string,
    ca: string,
  ) {
    this.redis = redis;
    this.databaseUrl = databaseUrl;
    this.values = { 'cluster.redis_host': ELSEWHERE, 'database.ca_file': ca };
    this.#postgres = postgres;
    this.#keys = keys;
  }

  static async start(): Promise<BackendsElsewhere> {
    const keys = makeBackendFolder('keys');
    const { files } = await makeRedisCertificates(ELSEWHERE, keys);
    for (const path of [keys, files.key, files.cert]) own(path);
    const [redis, postgres] = await Promise.all([
      RedisServer.start({ password: randomBytes(15).toString('hex') }),
      PostgresServer.start({ tls: files }),
    ]);
    const url = (await postgres.createDatabase('fleet')).replace('127.0.0.1', ELSEWHERE);
    return new BackendsElsewhere(redis, postgres, url, keys, files.ca);
  }

  async stop(): Promise<void> {
    await Promise.all([this.redis.stop(), this.#postgres.stop()]);
    removeBackendFolder(this.#keys);
  }
}
