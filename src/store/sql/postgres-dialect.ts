/** kysely on our connections. */
import {
  type Dialect,
  type Kysely,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import type { PostgresPool } from './postgres-pool.ts';

export function postgresDialect(pool: PostgresPool): Dialect {
  return {
    createAdapter: () => new LockedAdapter(),
    createDriver: () => new PostgresDriver({ pool }),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

/** kysely's own lock belongs to the connection and would outlive a failed transaction; ours is held already. */
class LockedAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}
