/** The compiler, the linter and the search for what nobody uses, as tests: a warning nobody reads is none. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

const CHECKS = [
  ['the program has the types it says', ['tsc', '-p', '.']],
  ['the console has the types it says', ['tsc', '-p', 'console']],
  ['the code is formatted and linted', ['biome', 'check', '--error-on-warnings', '.']],
  ['nothing is exported, kept or depended on that nobody uses', ['knip']],
] as const;

for (const [title, [tool, ...args]] of CHECKS) {
  it(title, { timeout: 600_000 }, () => {
    const { status, stdout, stderr } = spawnSync(`node_modules/.bin/${tool}`, args, {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`.slice(status === 0 ? Number.POSITIVE_INFINITY : -4000)).toBe('');
    expect(status).toBe(0);
  });
}
