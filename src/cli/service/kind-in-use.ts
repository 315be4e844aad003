/**
 * The file KIND beside config.yaml: whether what this Mac runs keeps its data in SQLite, whatever package it came by. The
 * next package reads it before it touches anything (installer/preinstall.ts), because one of a cluster node carries
 * nothing that opens SQLite.
 */
import { join } from 'node:path';
import type { LoadedConfig, RefusedConfig } from '../../config/load.ts';
import { isUnjoined } from '../../config/rules/joined.ts';
import type { ProgramKind } from '../../installer/program.ts';
import { writeWhole } from '../whole-file.ts';
import type { Installed } from './prepare.ts';

const OPEN_FILE = 0o644;

/** What a configuration with errors keeps its data in is not known: then it stays as it is. */
export function writeKind({ root, kind }: Installed, loaded: LoadedConfig | RefusedConfig): void {
  const inUse = kind === 'agent' ? kind : kindOf(loaded);
  if (inUse !== null) writeWhole(join(root, 'KIND'), `${inUse}\n`, OPEN_FILE);
}

/** A server that has yet to join is told its database when it does, and servers of packages share PostgreSQL. */
function kindOf(loaded: LoadedConfig | RefusedConfig): ProgramKind | null {
  if (!loaded.ok) return null;
  const isOnSqlite = loaded.config.database.engine === 'sqlite' && !isUnjoined(loaded.values);
  return isOnSqlite ? 'standalone' : 'server';
}
