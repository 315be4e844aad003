/**
 * `npm start` and `npm test`, from a fresh clone: installs from the lock file when something changed, builds the
 * console when it is stale, then becomes the program. Runs on the Node that npm has (20 or newer) and imports
 * nothing that has to be installed first.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [task, ...args] = process.argv.slice(2);
const say = (line) => process.stderr.write(`${line}\n`);

function fail(message, hint) {
  say(`error: ${message}`);
  if (hint) say(`hint: ${hint}`);
  process.exit(1);
}

/** Runs to its end with its output shown. */
function runNow(what, command, commandArgs) {
  const { status, error } = spawnSync(command, commandArgs, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error || status !== 0)
    fail(
      `${what} failed${error ? `: ${error.message}` : ''}`,
      `run it by hand: ${command} ${commandArgs.join(' ')}`,
    );
}

/** Does the step unless its inputs are those it was last done for. */
function unlessFresh(name, inputs, output, step) {
  const stamp = join(root, 'node_modules', `.atlas-${name}`);
  const hash = createHash('sha256');
  for (const input of inputs) addTo(hash, join(root, input));
  const wanted = hash.digest('hex');
  const done = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(join(root, output));
  if (done) return;
  const startedAt = Date.now();
  step();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  say(`  done in ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
}

function addTo(hash, path) {
  const entries = readdirSyncOrFile(path);
  if (entries === undefined) return void hash.update(`${path}\0`).update(readFileSync(path));
  for (const entry of entries.sort()) addTo(hash, join(path, entry));
}

function readdirSyncOrFile(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function install() {
  unlessFresh('install', ['package-lock.json'], 'node_modules/.package-lock.json', () => {
    say('Installing from package-lock.json (about half a minute the first time)');
    runNow('the installation', 'npm', [
      'ci',
      '--include=dev',
      '--include=optional',
      '--no-audit',
      '--no-fund',
    ]);
  });
}

function buildConsole() {
  const inputs = ['console', 'src/http/shapes.ts', 'package-lock.json'];
  unlessFresh('console', inputs, 'dist/console/index.html', () => {
    say('Building the console');
    runNow('the build of the console', 'npm', ['run', '--silent', 'build', '--', '--logLevel', 'warn']);
  });
}

const tasks = {
  demo: () => become(join(root, 'bin', 'atlas-fleet'), ['demo', ...args]),
  test: () => become(join(root, 'node_modules', '.bin', 'node'), [join(root, 'scripts', 'test.ts'), ...args]),
};

/** Hands over: signals go to the program, and its end is ours. A killed parent ends it too. */
function become(command, commandArgs) {
  const child = spawn(command, commandArgs, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 1000);
  child.on('error', (error) => fail(`${command}: ${error.message}`, 'remove node_modules and try again'));
  child.on('exit', (code, signal) => {
    clearInterval(watch);
    process.exitCode = signal ? 1 : code;
  });
}

const start = tasks[task];
if (!start) fail(`usage: node scripts/run.mjs ${Object.keys(tasks).join('|')}`);
install();
buildConsole();
start();
