/** A temporary folder with one database file, and what tests do to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import { Secret } from '../../src/base/secret.ts';
import { openSqliteStores } from '../../src/store/sql/sqlite-stores.ts';
import type { Stores } from '../../src/store/sql/stores.ts';

export interface SqliteFolder {
  readonly folder: string;
  readonly path: string;
  readonly keyHex: string;
  readonly key: Secret;
  open(log?: Log): Promise<Stores>;
  remove(): void;
}

export function sqliteFolder(): SqliteFolder {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-sqlite-'));
  const path = join(folder, 'fleet.db');
  const keyHex = '5a'.repeat(16) + 'c3'.repeat(16);
  const key = new Secret(Buffer.from(keyHex, 'hex'));
  return {
    folder,
    path,
    keyHex,
    key,
    open: (log = silentLog) => openSqliteStores({ path, key, clock: systemClock, log }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Keeps what was logged, to be looked at. */
export function recordingLog(): {
  log: Log;
  lines: { event: string; fields: Readonly<Record<string, unknown>> }[];
} {
  const lines: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const keep = (event: string, _sentence: string, fields = {}) => void lines.push({ event, fields });
  return { log: { debug: keep, info: keep, warn: keep, error: keep }, lines };
}
