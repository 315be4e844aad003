/**
 * Reports in SQL, for any engine that kysely speaks to (the contract: store/report-store.ts). Writing goes
 * through `writer`, one transaction at a time; reading through `reader` never waits for it.
 */
import type { Kysely } from 'kysely';
import { type Clock, nextTurn } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type {
  AcceptedReport,
  AppendResult,
  MachinePage,
  MachineRow,
  ReportStore,
  Sample,
} from '../report-store.ts';
import { GroupCommit } from './group-commit.ts';
import { FORGET_MAX_NONCES } from './limits.ts';
import { commitReports } from './report-commit.ts';
import { machineOf, type ReadyReport, readyReport, sampleOf } from './report-row.ts';
import { RowRefused } from './row-refused.ts';
import type { Schema } from './schema.ts';

export interface SqlConnections {
  readonly writer: Kysely<Schema>;
  /** May be the writer where the engine has a pool. */
  readonly reader: Kysely<Schema>;
}

export class SqlReportStore implements ReportStore {
  readonly #db: SqlConnections;
  readonly #clock: Clock;
  readonly #incoming: GroupCommit<ReadyReport, AppendResult>;

  constructor(db: SqlConnections, clock: Clock, log: Log) {
    this.#db = db;
    this.#clock = clock;
    this.#incoming = new GroupCommit(async (batch) => {
      const begun = clock.monotonicMs();
      const results = await commitReports(db.writer, batch);
      const milliseconds = clock.monotonicMs() - begun;
      log.debug('reports_committed', 'Committed reports', { reports: batch.length, milliseconds });
      return results;
    });
  }

  async append(report: AcceptedReport): Promise<AppendResult> {
    const ready = readyReport(report);
    try {
      return await this.#incoming.add(ready, ready.machine.info.length + ready.machine.latest.length);
    } catch (error) {
      if (!(error instanceof RowRefused)) throw error;
      throw new AtlasError('report_refused', 'the report has a value that cannot be stored', {
        cause: error,
      });
    }
  }

  async machines({ after, limit }: { after?: string; limit: number }): Promise<MachinePage> {
    const { reader } = this.#db;
    const rows = await reader
      .selectFrom('machines')
      .selectAll()
      .where('machine_id', '>', after ?? '')
      .orderBy('machine_id')
      .limit(limit + 1)
      .execute();
    const { total } = await reader
      .selectFrom('machines')
      .select(({ fn }) => fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow();
    const machines = rows.slice(0, limit).map(machineOf);
    return { machines, nextAfter: rows.length > limit ? (machines.at(-1)?.machineId ?? null) : null, total };
  }

  async machine(machineId: string): Promise<MachineRow | undefined> {
    const row = await this.#db.reader
      .selectFrom('machines')
      .selectAll()
      .where('machine_id', '=', machineId)
      .executeTakeFirst();
    return row && machineOf(row);
  }

  async lastSeen(): Promise<readonly number[]> {
    const rows = await this.#db.reader.selectFrom('machines').select('last_seen_ms').execute();
    return rows.map((row) => row.last_seen_ms);
  }

  async samples(
    machineId: string,
    { fromMs, toMs, limit }: { fromMs: number; toMs: number; limit: number },
  ): Promise<readonly Sample[]> {
    const rows = await this.#db.reader
      .selectFrom('reports')
      .selectAll()
      .where('machine_no', '=', ({ selectFrom }) =>
        selectFrom('machines').select('machine_no').where('machine_id', '=', machineId),
      )
      .where('taken_at_ms', '>=', fromMs)
      .where('taken_at_ms', '<', toMs)
      .orderBy('taken_at_ms', 'desc')
      .orderBy('number', 'desc')
      .limit(limit)
      .execute();
    return rows.reverse().map(sampleOf);
  }

  async forgetNonces(beforeMs: number): Promise<number> {
    let forgotten = 0;
    for (;;) {
      const some = await this.#forgetSome(beforeMs);
      forgotten += some;
      if (some < FORGET_MAX_NONCES) return forgotten;
      await nextTurn();
    }
  }

  async probe(): Promise<void> {
    const row = { slot: 1, written_at_ms: Math.floor(this.#clock.wallMs()) };
    await this.#db.writer.transaction().execute((transaction) =>
      transaction
        .insertInto('probe')
        .values(row)
        .onConflict((conflict) => conflict.column('slot').doUpdateSet(row))
        .execute(),
    );
  }

  /** Takes nothing more, and resolves when every report that was taken is settled. */
  close(): Promise<void> {
    return this.#incoming.close();
  }

  #forgetSome(beforeMs: number): Promise<number> {
    return this.#db.writer.transaction().execute(async (transaction) => {
      const result = await transaction
        .deleteFrom('nonces')
        .where('nonce', 'in', ({ selectFrom }) =>
          selectFrom('nonces')
            .select('nonce')
            .where('received_ms', '<', beforeMs)
            .orderBy('received_ms')
            .limit(FORGET_MAX_NONCES),
        )
        .executeTakeFirst();
      return Number(result.numDeletedRows);
    });
  }
}
