/** The way of a PostgreSQL database from nothing to this version. */
import type { Migrations } from './migrate.ts';
import { firstTables } from './postgres-0001-first-tables.ts';
import { auditLog } from './postgres-0002-audit-log.ts';
import { recentPassword } from './postgres-0003-recent-password.ts';
import { packageBuilds } from './postgres-0004-package-builds.ts';

export const postgresMigrations: Migrations = {
  '0001-first-tables': firstTables,
  '0002-audit-log': auditLog,
  '0003-recent-password': recentPassword,
  '0004-package-builds': packageBuilds,
};
