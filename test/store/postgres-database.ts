/** One real PostgreSQL for a test file, a database of its own for each test, and what tests do to it. */
import { systemClock } from '../../src/base/clock.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import { Secret } from '../../src/base/secret.ts';
import { openPostgresStores, type PostgresOptions } from '../../src/store/sql/postgres-stores.ts';
import type { Stores } from '../../src/store/sql/stores.ts';
import type { PostgresServer } from '../backends/postgres.ts';

export const KEY_HEX = '5a'.repeat(16) + 'c3'.repeat(16);

let databases = 0;

export class PostgresDatabase {
  readonly name: string;
  readonly server: PostgresServer;

  private constructor(server: PostgresServer, name: string) {
    this.server = server;
    this.name = name;
  }

  static async make(server: PostgresServer): Promise<PostgresDatabase> {
    databases += 1;
    const name = `fleet_${databases}`;
    await server.createDatabase(name);
    return new PostgresDatabase(server, name);
  }

  options(changes: Partial<PostgresOptions> = {}): PostgresOptions {
    return {
      host: '127.0.0.1',
      port: this.server.port,
      database: this.name,
      user: 'atlas',
      password: null,
      tls: null,
      key: new Secret(Buffer.from(KEY_HEX, 'hex')),
      clock: systemClock,
      log: silentLog,
      ...changes,
    };
  }

  open(log: Log = silentLog): Promise<Stores> {
    return openPostgresStores(this.options({ log }));
  }

  query<Row extends object>(text: string): Promise<Row[]> {
    return this.server.query<Row>(text, this.name);
  }

  /** [reports, nonces, what the machines' rows say]. */
  async counts(): Promise<number[]> {
    const [row] = await this.query<Record<string, string>>(`
      select (select count(*) from reports) as reports, (select count(*) from nonces) as nonces,
        (select coalesce(sum(reports), 0) from machines) as counted`);
    return [row?.reports, row?.nonces, row?.counted].map(Number);
  }
}
