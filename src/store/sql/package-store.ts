/** Records of packages in SQL, for any engine that kysely speaks to (the contract: store/package-store.ts). */
import type {
  BuildPage,
  LostTicket,
  PackageBuild,
  PackageOutcome,
  PackageStore,
  StoredBuild,
} from '../package-store.ts';
import { buildRow, outcomeColumns, storedBuildOf } from './package-row.ts';
import type { SqlConnections } from './report-store.ts';
import { isStorable } from './storable.ts';
import { transact } from './transaction.ts';

export class SqlPackageStore implements PackageStore {
  readonly #db: SqlConnections;

  constructor(db: SqlConnections) {
    this.#db = db;
  }

  async add(build: PackageBuild): Promise<void> {
    const row = buildRow(build, this.#db.cells);
    await transact(this.#db.writer, (db) => db.insertInto('package_builds').values(row).execute());
  }

  async finish(buildId: string, outcome: PackageOutcome): Promise<void> {
    await transact(this.#db.writer, async (db) => {
      const query = db.selectFrom('package_builds').selectAll().where('build_id', '=', buildId);
      const row = await query.executeTakeFirst();
      if (row === undefined || row.state !== null) return;
      await db
        .updateTable('package_builds')
        .set(outcomeColumns(row, outcome, this.#db.cells))
        .where('build_id', '=', buildId)
        .execute();
    });
  }

  async revoke(buildId: string, atMs: number): Promise<void> {
    await transact(this.#db.writer, (db) =>
      db
        .updateTable('package_builds')
        .set({ revoked_at_ms: atMs })
        .where('build_id', '=', buildId)
        .where('revoked_at_ms', 'is', null)
        .execute(),
    );
  }

  async find(buildId: string): Promise<StoredBuild | null> {
    if (!isStorable(buildId)) return null;
    const query = this.#db.reader.selectFrom('package_builds').selectAll().where('build_id', '=', buildId);
    const row = await query.executeTakeFirst();
    return row === undefined ? null : storedBuildOf(row, this.#db.cells);
  }

  async list({ limit, before }: { limit: number; before?: number }): Promise<BuildPage> {
    let query = this.#db.reader.selectFrom('package_builds').selectAll();
    if (before !== undefined) query = query.where('build_no', '<', before);
    const found = await query
      .orderBy('build_no', 'desc')
      .limit(limit + 1)
      .execute();
    const rows = found.slice(0, limit);
    return {
      builds: rows.map((row) => storedBuildOf(row, this.#db.cells)),
      nextBefore: found.length > limit ? (rows.at(-1)?.build_no ?? null) : null,
    };
  }

  async nextUnnamedAtMs(buildId: string): Promise<number | null> {
    const { reader } = this.#db;
    const own = reader.selectFrom('package_builds').select('build_no').where('build_id', '=', buildId);
    const next = await reader
      .selectFrom('package_builds')
      .select('built_at_ms')
      .where('build_no', '>', own)
      .where('kind', '=', 'cluster-node')
      .where('credentials', '=', 'embedded')
      .where('is_named', '=', 0)
      .where((row) => row.or([row('state', 'is', null), row('state', '=', 'ready')]))
      .orderBy('build_no')
      .limit(1)
      .executeTakeFirst();
    return next?.built_at_ms ?? null;
  }

  async lostTickets(nodeId: string, beforeMs: number): Promise<readonly LostTicket[]> {
    const rows = await this.#db.reader
      .selectFrom('package_builds')
      .selectAll()
      .where('built_at_ms', '<', beforeMs)
      .where((row) => row.or([row('state', 'is', null), row('state', '=', 'failed')]))
      .where('revoked_at_ms', 'is', null)
      .orderBy('build_no')
      .execute();
    const builds = rows.map((row) => storedBuildOf(row, this.#db.cells));
    return builds.flatMap(({ buildId, ticketId, nodeId: of }) =>
      of === nodeId && ticketId !== null ? { buildId, ticketId } : [],
    );
  }
}
