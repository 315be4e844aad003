/** Config files for the tests: a folder of its own for each test, gone when the test ends. */
import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Role } from '../../src/config/config.ts';
import {
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  type RefusedConfig,
} from '../../src/config/load.ts';
import { placeText } from '../../src/config/problem.ts';

/** Good secrets: 32 bytes each, made for these tests. */
export const CLUSTER_SECRET = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=';
export const ENCRYPTION_KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
export const DB_KEY = 'ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=';
export const API_KEY = 'QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=';
export const PASSWORD_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$hWpkuRH9NQiLN0LJFuKPuXFaK4yBpGCZqbGHgVLZFyU';

/** What a server cannot run without. */
export const SERVER = `server:
  api_key: "${API_KEY}"
  encryption_key: "${ENCRYPTION_KEY}"
  db_encryption_key: "${DB_KEY}"
`;

export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'atlas-config-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeFile(path: string, text: string | Uint8Array, mode = 0o600): string {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

export function configFile(text: string | Uint8Array, mode = 0o600): string {
  return writeFile(join(temporaryFolder(), 'config.yaml'), text, mode);
}

type Options = Partial<LoadOptions> & { role?: Role };

export function load(path: string, options: Options = {}): LoadedConfig | RefusedConfig {
  return loadConfig({ role: 'server', configPath: path, env: {}, ...options });
}

export function loaded(path: string, options: Options = {}): LoadedConfig {
  const result = load(path, options);
  if (!result.ok) throw new Error(problemsOf(result).join('\n'));
  return result;
}

/** Each problem as `line:column code sentence | hint`, without the path of the file itself. */
export function problemsOf(result: LoadedConfig | RefusedConfig): string[] {
  const path = result.ok ? result.config.source.path : result.path;
  const problems = result.ok ? result.warnings : result.problems;
  return problems.map(({ place, code, sentence, hint }) => {
    const where = placeText(place).replace(`${path}:`, '');
    return `${where} ${code} ${sentence} | ${hint}`;
  });
}
