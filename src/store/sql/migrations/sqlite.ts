/** The way of a SQLite file from nothing to this version. */
import type { Migrations } from './migrate.ts';
import { firstTables } from './sqlite-0001-first-tables.ts';
import { lookupsAndAttempts } from './sqlite-0002-lookups-and-attempts.ts';
import { cheaperIntake } from './sqlite-0003-cheaper-intake.ts';
import { databaseIdentity } from './sqlite-0004-database-identity.ts';
import { auditLog } from './sqlite-0005-audit-log.ts';
import { recentPassword } from './sqlite-0006-recent-password.ts';
import { packageBuilds } from './sqlite-0007-package-builds.ts';

export const sqliteMigrations: Migrations = {
  '0001-first-tables': firstTables,
  '0002-lookups-and-attempts': lookupsAndAttempts,
  '0003-cheaper-intake': cheaperIntake,
  '0004-database-identity': databaseIdentity,
  '0005-audit-log': auditLog,
  '0006-recent-password': recentPassword,
  '0007-package-builds': packageBuilds,
};
