/**
 * Reports in SQL, for any engine that kysely speaks to (the contract: store/report-store.ts). Writing goes
 * through `writer`, one transaction at a time; reading through `reader` never waits for it.
 */
import type { Kysely } from 'kysely';
import type { Clock } from '../../base/clock.ts';
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
import type { Cells } from './cells.ts';
import { RowRefused } from './failures.ts';
import { forgetInPortions } from './forget.ts';
import { GroupCommit } from './group-commit.ts';
import { MachineDirectory } from './machine-directory.ts';
import { commitReports } from './report-commit.ts';
import { machineOf, type ReadyReport, readyReport, sampleOf } from './report-row.ts';
import type { Schema } from './schema.ts';
import { isStorable } from './storable.ts';
import { transact } from './transaction.ts';

export interface SqlConnections {
  readonly writer: Kysely<Schema>;
  /** May be the writer where the engine has a pool. */
  readonly reader: Kysely<Schema>;
  readonly cells: Cells;
}

export class SqlReportStore implements ReportStore {
  readonly #db: SqlConnections;
  readonly #clock: Clock;
  readonly #directory: MachineDirectory;
  readonly #incoming: GroupCommit<ReadyReport, AppendResult>;

  constructor(db: SqlConnections, clock: Clock, log: Log) {
    this.#db = db;
    this.#clock = clock;
    this.#directory = new MachineDirectory(db);
    this.#incoming = new GroupCommit(async (batch) => {
      const begun = clock.monotonicMs();
      const results = await commitReports(db.writer, db.cells, batch);
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

  async machines({ after = '', limit }: { after?: string; limit: number }): Promise<MachinePage> {
    const all = await this.#directory.list();
    const begin = all.findIndex(({ machineId }) => machineId > after);
    const page = begin === -1 ? [] : all.slice(begin, begin + limit);
    const machines = await this.#read(page.map(({ machineNo }) => machineNo));
    const nextAfter = begin + page.length < all.length ? (page.at(-1)?.machineId ?? null) : null;
    return { machines, nextAfter, total: all.length };
  }

  async machine(machineId: string): Promise<MachineRow | undefined> {
    if (!isStorable(machineId)) return undefined;
    const { cells } = this.#db;
    const row = await this.#machines()
      .where('machine_lookup', '=', cells.lookup('machines', machineId))
      .executeTakeFirst();
    return row && machineOf(row, cells);
  }

  async countMachines(): Promise<number> {
    const { count } = await this.#db.reader
      .selectFrom('machines')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  }

  async lastSeen(): Promise<readonly number[]> {
    const rows = await this.#db.reader.selectFrom('machines').select('last_seen_ms').execute();
    return rows.map((row) => row.last_seen_ms);
  }

  async samples(
    machineId: string,
    { fromMs, toMs, limit }: { fromMs: number; toMs: number; limit: number },
  ): Promise<readonly Sample[]> {
    if (!isStorable(machineId)) return [];
    const rows = await this.#db.reader
      .selectFrom('reports')
      .selectAll()
      .where('machine_no', '=', ({ selectFrom }) =>
        selectFrom('machines')
          .select('machine_no')
          .where('machine_lookup', '=', this.#db.cells.lookup('machines', machineId)),
      )
      .where('taken_at_ms', '>=', fromMs)
      .where('taken_at_ms', '<', toMs)
      .orderBy('taken_at_ms', 'desc')
      .orderBy('number', 'desc')
      .limit(limit)
      .execute();
    return rows.reverse().map(sampleOf);
  }

  forgetNonces(claimedBeforeMs: number): Promise<number> {
    return forgetInPortions(this.#db.writer, (transaction, limit) =>
      transaction
        .deleteFrom('nonces')
        .where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple('claimed_at_ms', 'nonce'),
            'in',
            selectFrom('nonces')
              .select(['claimed_at_ms', 'nonce'])
              .where('claimed_at_ms', '<', claimedBeforeMs)
              .orderBy('claimed_at_ms')
              .limit(limit)
              .$asTuple('claimed_at_ms', 'nonce'),
          ),
        )
        .executeTakeFirst(),
    );
  }

  async probe(): Promise<void> {
    const row = { slot: 1, written_at_ms: Math.floor(this.#clock.wallMs()) };
    await transact(this.#db.writer, (transaction) =>
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

  /** In the order of these numbers. */
  async #read(numbers: readonly number[]): Promise<readonly MachineRow[]> {
    if (numbers.length === 0) return [];
    const found = await this.#machines().where('machines.machine_no', 'in', numbers).execute();
    const rows = new Map(found.map((row) => [row.machine_no, row]));
    return numbers.flatMap((number) => rows.get(number) ?? []).map((row) => machineOf(row, this.#db.cells));
  }

  #machines() {
    return this.#db.reader
      .selectFrom('machines')
      .innerJoin('inventories', 'inventories.machine_no', 'machines.machine_no')
      .selectAll();
  }
}
