/**
 * Records of packages as columns and back. What names a person, a server or a secret is one cell; what is plain beside
 * it is part of the row's name, so that the cell of a record in which that was changed does not open.
 */
import type { Insertable, Selectable } from 'kysely';
import type {
  CredentialMode,
  PackageBuild,
  PackageKind,
  PackageOutcome,
  StoredBuild,
} from '../package-store.ts';
import type { Cells, RowCells } from './cells.ts';
import type { PackageBuildTable } from './schema.ts';

type Plain = Pick<PackageBuildTable, 'build_id' | 'built_at_ms' | 'kind' | 'credentials' | 'is_named'>;
type Told = Omit<PackageBuild, 'buildId' | 'builtAtMs' | 'kind' | 'credentials'>;

export function buildRow(build: PackageBuild, cells: Cells): Insertable<PackageBuildTable> {
  const { buildId, builtAtMs, kind, credentials, ...told } = build;
  const plain = {
    build_id: buildId,
    built_at_ms: builtAtMs,
    kind,
    credentials,
    is_named: told.nodeName === null ? 0 : 1,
  };
  return {
    ...plain,
    told: cellsOf(plain, cells).seal('told', JSON.stringify(told satisfies Told)),
    state: null,
    file: null,
    revoked_at_ms: null,
  };
}

/** What finish() writes into a row. */
export function outcomeColumns(row: Plain, { state, file }: PackageOutcome, cells: Cells) {
  return { state, file: file && cellsOf(row, cells).seal('file', JSON.stringify(file)) };
}

export function storedBuildOf(row: Selectable<PackageBuildTable>, cells: Cells): StoredBuild {
  const sealed = cellsOf(row, cells);
  const file =
    row.file === null ? null : (JSON.parse(sealed.open('file', row.file)) as PackageOutcome['file']);
  return {
    buildId: row.build_id,
    builtAtMs: row.built_at_ms,
    kind: row.kind as PackageKind,
    credentials: row.credentials as CredentialMode,
    ...(JSON.parse(sealed.open('told', row.told)) as Told),
    outcome: row.state === null ? null : { state: row.state as PackageOutcome['state'], file },
    revokedAtMs: row.revoked_at_ms,
  };
}

function cellsOf({ build_id, built_at_ms, kind, credentials, is_named }: Plain, cells: Cells): RowCells {
  return cells.row('package_builds', JSON.stringify([build_id, built_at_ms, kind, credentials, is_named]));
}
