/**
 * The tables, as types; migrations/ makes them, the same for every engine. Times are Unix milliseconds, booleans 0
 * or 1, missing is NULL and never zero. A Cell may be sealed; `*_lookup` is what an exact search for it compares.
 *
 * Rules for successors: a released migration is never changed, a new one follows it. A figure that a newer
 * agent reports becomes a column that may be NULL. No integer goes beyond 2^53 (protocol/report.ts bounds them).
 */
import type { Generated } from 'kysely';
import type { Cell } from './cells.ts';

export interface Schema {
  machines: MachineTable;
  inventories: InventoryTable;
  reports: ReportTable;
  nonces: NonceTable;
  users: UserTable;
  sessions: SessionTable;
  tokens: TokenTable;
  setup_code: SetupCodeTable;
  attempts: AttemptTable;
  audit_entries: AuditTable;
  package_builds: PackageBuildTable;
  probe: ProbeTable;
  database_identity: DatabaseIdentityTable;
  /** Only where cells are sealed (PostgreSQL). */
  key_check: KeyCheckTable;
}

/** Written with every report, so it is kept small: what rarely changes of a machine stands in `inventories`. */
export interface MachineTable {
  machine_no: Generated<number>;
  machine_id: Cell;
  machine_lookup: string;
  /** Of the cell `info` in `inventories`: that one is written only when this changes. */
  info_digest: Uint8Array;
  /** What the newest report alone says (latest-cell.ts): it stays when that report's row is long gone. */
  latest: Cell;
  latest_taken_at_ms: number;
  first_seen_ms: number;
  last_seen_ms: number;
  via_node: Cell;
  /** All that were ever stored. Only goes up: reports are numbered by it. */
  reports: number;
}

/** One row for each of `machines`, written only under the lock of that row. */
export interface InventoryTable {
  machine_no: number;
  /** JSON, Report['machine_info'] of the newest report, without what stands in `latest`. */
  info: Cell;
}

/**
 * Clustered by machine and time, so that a chart reads neighbouring pages. `number` is the machine's count at
 * the time of storing: two reports of one millisecond are both kept, at a cost of two bytes and no lookup.
 */
export interface ReportTable {
  machine_no: number;
  taken_at_ms: number;
  number: number;
  received_ms: number;
  uptime_seconds: number | null;
  cpu_percent: number;
  load_1: number | null;
  load_5: number | null;
  load_15: number | null;
  memory_total: number;
  memory_available: number;
  memory_used: number;
  memory_percent: number;
  disk_total: number;
  disk_used: number;
  disk_free: number;
  disk_percent: number;
  network_bytes_sent: number;
  network_bytes_received: number;
  network_packets_sent: number;
  network_packets_received: number;
  processes: number;
  battery_percent: number | null;
  battery_plugged: number | null;
  battery_time_left: number | null;
}

/**
 * Outlives every report that would be stored if it were sent again, and does not depend on the report's row. Its key
 * begins with the time that the report claims, so that new ones lie together and old ones are found without an index.
 */
interface NonceTable {
  claimed_at_ms: number;
  nonce: Uint8Array;
}

export interface UserTable {
  user_id: Generated<number>;
  username: Cell;
  username_lookup: string;
  password_hash: Cell;
  created_at_ms: number;
}

export interface SessionTable {
  session_hash: string;
  user_id: number;
  csrf_token: Cell;
  created_at_ms: number;
  password_at_ms: number;
  last_used_at_ms: number;
  expires_at_ms: number;
}

export interface TokenTable {
  token_id: string;
  name: Cell;
  name_lookup: string;
  token_hash: string;
  /** Separated by spaces. */
  scopes: string;
  created_at_ms: number;
  expires_at_ms: number | null;
  last_used_at_ms: number | null;
  last_used_from: Cell | null;
}

export interface AttemptTable {
  subject: string;
  count: number;
  last_ms: number;
  blocked_until_ms: number;
}

/** Rows are added and, long after, removed; none is ever changed. */
export interface AuditTable {
  /** The order in which they were written. */
  entry_no: Generated<number>;
  entry_id: string;
  at_ms: number;
  /** The part of `action` before its dot: what lists are filtered by. */
  kind: string;
  action: string;
  outcome: string;
  /** JSON: who, to what, how, where and from where. */
  told: Cell;
}

/** A row is added when a package is begun; of it only the last three columns are ever written again, each once. */
export interface PackageBuildTable {
  /** The order in which they were begun. */
  build_no: Generated<number>;
  build_id: string;
  built_at_ms: number;
  kind: string;
  credentials: string;
  /** Whether its server was given a name. */
  is_named: number;
  /** JSON: all else that was known when it was begun. */
  told: Cell;
  /** How it ended. */
  state: string | null;
  /** JSON: size and digest of the whole file. */
  file: Cell | null;
  revoked_at_ms: number | null;
}

/** One row at most, slot 1. `code_hash`: a lookup, for whoever has the bare hash of so short a code finds the code. */
interface SetupCodeTable {
  slot: number;
  code_hash: string;
  expires_at_ms: number;
}

/** One row, slot 1: what probe() writes. */
interface ProbeTable {
  slot: number;
  written_at_ms: number;
}

/** One row, slot 1: 32 hex digits. */
interface DatabaseIdentityTable {
  slot: number;
  id: string;
}

/** One row, slot 1: a sealed text that opens with the right key. */
interface KeyCheckTable {
  slot: number;
  cell: Cell;
}
