/** A real Redis and a real PostgreSQL where Macs reach them: each with a password, behind TLS, for their network alone. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { FreshValues } from '../../src/config/fresh-config.ts';
import { makeBackendFolder, removeBackendFolder } from '../backends/backend-folder.ts';
import { own, PostgresServer } from '../backends/postgres.ts';
import { RedisServer } from '../backends/redis.ts';
import { makeRedisCertificates } from '../store/redis-certificates.ts';

const DATABASE = 'fleet';
/** What a quoted text, an address or JSON spells otherwise. */
const ODD = '"\\ é%/?#';

export class SharedBackends {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly passwords: { readonly redis: string; readonly database: string };
  readonly databaseUrl: string;
  /** Of every server's config.yaml. */
  readonly values: FreshValues;
  readonly #folder: string;

  private constructor(parts: {
    redis: RedisServer;
    postgres: PostgresServer;
    address: string;
    databasePassword: string;
    folder: string;
  }) {
    const { redis, postgres, address, databasePassword, folder } = parts;
    this.redis = redis;
    this.postgres = postgres;
    this.passwords = { redis: redis.password ?? '', database: databasePassword };
    this.databaseUrl = `postgres://atlas:${encodeURIComponent(databasePassword)}@${address}:${postgres.port}/${DATABASE}`;
    this.values = {
      'cluster.redis_host': address,
      'cluster.redis_tls': true,
      'cluster.redis_ca_file': join(folder, 'ca.pem'),
      'database.ca_file': join(folder, 'ca.pem'),
    };
    this.#folder = folder;
  }

  /** At this address and on loopback. */
  static async start(address: string): Promise<SharedBackends> {
    const folder = makeBackendFolder('shared');
    const { files } = await makeRedisCertificates(address, folder);
    for (const path of [folder, files.cert, files.key]) own(path); // PostgreSQL wants them for its own
    chmodSync(files.key, 0o600);
    const databasePassword = passwordOf('postgres');
    const [redis, postgres] = await Promise.all([
      RedisServer.start({
        password: passwordOf('redis'),
        tls: files,
        args: ['--bind', '127.0.0.1', address],
      }),
      startPostgres(address, files),
    ]);
    await postgres.createDatabase(DATABASE);
    await postgres.query(`alter role atlas password '${databasePassword}'`);
    return new SharedBackends({ redis, postgres, address, databasePassword, folder });
  }

  query<Row extends object>(text: string): Promise<Row[]> {
    return this.postgres.query<Row>(text, DATABASE);
  }

  async stop(): Promise<void> {
    await Promise.all([this.redis.stop(), this.postgres.stop()]);
    removeBackendFolder(this.#folder);
  }
}

const passwordOf = (what: string) => `${what} ${ODD} ${randomBytes(12).toString('hex')}`;

async function startPostgres(
  address: string,
  tls: { readonly cert: string; readonly key: string },
): Promise<PostgresServer> {
  const settings = [`listen_addresses=127.0.0.1,${address}`];
  const postgres = await PostgresServer.start({ settings, tls });
  appendFileSync(join(postgres.dataFolder, 'pg_hba.conf'), 'hostssl all all samenet scram-sha-256\n');
  await postgres.query('select pg_reload_conf()');
  return postgres;
}
