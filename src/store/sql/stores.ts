/** The stores of one server on one database, whatever its engine: the one door to this room. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { AccountStore } from '../account-store.ts';
import type { AttemptStore } from '../attempt-store.ts';
import type { AuditLog } from '../audit-log.ts';
import type { PackageStore } from '../package-store.ts';
import type { ReportStore } from '../report-store.ts';
import { SqlAccountStore } from './account-store.ts';
import { SqlAttemptStore } from './attempt-store.ts';
import { SqlAuditLog } from './audit-log.ts';
import { SqlPackageStore } from './package-store.ts';
import { type SqlConnections, SqlReportStore } from './report-store.ts';

export interface Stores {
  readonly reports: ReportStore;
  readonly accounts: AccountStore;
  readonly attempts: AttemptStore;
  readonly audit: AuditLog;
  readonly packages: PackageStore;
  /** 32 hex digits, the same for every server that has this database open (database-identity.ts). */
  readonly databaseId: string;
  /** Settles every report that was taken, then closes the database. */
  close(): Promise<void>;
}

export interface Database {
  /** What people do and what is guessed, and all reading, may use other connections than the reports that come in. */
  readonly intake: SqlConnections;
  readonly common: SqlConnections;
  readonly id: string;
  /** Called when no report is under way any more. */
  close(): Promise<void>;
}

export function storesOn(database: Database, { clock, log }: { clock: Clock; log: Log }): Stores {
  const { intake, common, id } = database;
  const reports = new SqlReportStore(intake, clock, log);
  const close = async () => {
    await reports.close();
    await database.close();
  };
  return {
    reports,
    accounts: new SqlAccountStore(common),
    attempts: new SqlAttemptStore(common),
    audit: new SqlAuditLog(common),
    packages: new SqlPackageStore(common),
    databaseId: id,
    close,
  };
}
