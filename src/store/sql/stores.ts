/** The stores of one server on one database, whatever its engine: the one door to this room. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { AccountStore } from '../account-store.ts';
import type { AttemptStore } from '../attempt-store.ts';
import type { ReportStore } from '../report-store.ts';
import { SqlAccountStore } from './account-store.ts';
import { SqlAttemptStore } from './attempt-store.ts';
import { type SqlConnections, SqlReportStore } from './report-store.ts';

export interface Stores {
  readonly reports: ReportStore;
  readonly accounts: AccountStore;
  readonly attempts: AttemptStore;
  /** Settles every report that was taken, then closes the database. */
  close(): Promise<void>;
}

/** `closeDatabase` is called when no report is under way any more. */
export function storesOn(
  db: SqlConnections,
  { clock, log }: { clock: Clock; log: Log },
  closeDatabase: () => Promise<void>,
): Stores {
  const reports = new SqlReportStore(db, clock, log);
  const close = async () => {
    await reports.close();
    await closeDatabase();
  };
  return { reports, accounts: new SqlAccountStore(db), attempts: new SqlAttemptStore(db), close };
}
