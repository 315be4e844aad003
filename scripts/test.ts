/**
 * `npm test`: brings what the tests need and npm does not have (a Redis, a Chromium, a Python, readers of packages), runs
 * all of them, and ends with one plain line that counts them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_READERS, provide } from './provision.ts';

const root = join(import.meta.dirname, '..');
const say = (line: string) => process.stderr.write(`${line}\n`);

/** What the runner's report calls a test that was skipped. */
const NOT_RUN: ReadonlySet<string> = new Set(['skipped', 'pending', 'todo']);

interface Outcome {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function runTests(args: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-fleet-test-'));
  const outcomePath = join(folder, 'outcome.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outcomePath}`];
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const outcome = existsSync(outcomePath)
    ? (JSON.parse(readFileSync(outcomePath, 'utf8')) as Outcome)
    : undefined;
  rmSync(folder, { recursive: true });
  if (outcome === undefined) {
    say('error: the test runner ended without a result');
    return status || 1;
  }
  for (const { assertionResults } of outcome.testResults) {
    for (const test of assertionResults) if (NOT_RUN.has(test.status)) say(`skipped: ${test.fullName}`);
  }
  const failed = Math.max(outcome.numFailedTests, outcome.numFailedTests === 0 && status !== 0 ? 1 : 0);
  process.stdout.write(
    `${outcome.numPassedTests} passed, ${failed} failed, ${outcome.numPendingTests} skipped\n`,
  );
  return status ?? 1;
}

provide(['redis', 'faketime', 'chromium', 'python', ...PACKAGE_READERS]);
process.exitCode = runTests(process.argv.slice(2));
process.disconnect?.();
