/**
 * The file of `log.file`: lines are appended to it, and on SIGHUP it is opened anew, so that newsyslog can put the old
 * one aside (newsyslog.conf(5)). Who sends that signal finds this process by a file that holds its id. A disk that
 * takes no line stops nothing: what is lost goes to stderr.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AtlasError, systemCode } from '../base/errors.ts';
import type { Log, LogOptions } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { Run } from './shutdown.ts';

const LOG_MODE = 0o640;
const PID_MODE = 0o644;
const PRIVATE_FOLDER = 0o700;

/** What a process logs with, and how it lets go of it. */
export interface ProcessLog {
  /** Given to openLog(), with the fields that every line is to bear. */
  open(fields?: LogOptions['fields']): Log;
  close(): void;
}

/** Where the process id is written: by default beside the data, which a configuration may put anywhere. */
export const PID_FILE_OPTION = [
  '--pid-file <file>',
  'where its process id is written while it logs to a file',
] as const;

export function pidFileOf(
  { server }: Config,
  command: 'server' | 'agent',
  named: string | undefined,
): string {
  return named ?? join(server.dataDir, `${command}.pid`);
}

/**
 * To stdout, or to the file of the configuration; then SIGHUP is no end any more. Throws config_invalid for a file that
 * cannot be written.
 */
export async function openProcessLog(config: Config, pidFile: string, run: Run): Promise<ProcessLog> {
  const { openLog } = await import('../base/log.ts');
  const { level, format, file: path } = config.log;
  if (path === null) return { open: (fields = {}) => openLog({ level, format, fields }), close: () => {} };
  const file = new LogFile(path);
  writePid(pidFile);
  run.onHangup(() => file.reopen());
  return {
    open: (fields = {}) => openLog({ level, format, fields, write: (line) => file.write(line) }),
    close: () => {
      removePid(pidFile);
      file.close();
    },
  };
}

class LogFile {
  readonly #path: string;
  /** null: it was let go of. */
  #descriptor: number | null;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#descriptor = openToAppend(path);
    } catch (cause) {
      throw new AtlasError('config_invalid', `log.file: ${path} cannot be written (${systemCode(cause)})`, {
        cause,
        hint: 'name a file in a folder that this user may write to',
      });
    }
  }

  write(line: string): void {
    try {
      if (this.#descriptor !== null) writeSync(this.#descriptor, line);
    } catch {
      process.stderr.write(line);
    }
  }

  /** The old one is let go of only when the new one is there. */
  reopen(): void {
    if (this.#descriptor === null) return;
    let fresh: number;
    try {
      fresh = openToAppend(this.#path);
    } catch (error) {
      process.stderr.write(`${this.#path} cannot be opened again (${systemCode(error)})\n`);
      return;
    }
    closeSync(this.#descriptor);
    this.#descriptor = fresh;
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

const openToAppend = (path: string) => openSync(path, 'a', LOG_MODE);

function writePid(path: string): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: PRIVATE_FOLDER });
  rmSync(path, { force: true });
  writeFileSync(path, `${process.pid}\n`, { mode: PID_MODE });
}

/** Not that of a process which has taken our place since. */
function removePid(path: string): void {
  try {
    if (readFileSync(path, 'utf8') === `${process.pid}\n`) rmSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
