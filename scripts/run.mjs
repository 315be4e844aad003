/**
 * `npm start`, `npm test`, `npm run bench`, `faults` and `release`, from a fresh clone: installs from the lock file
 * when something changed, builds the console when it is stale, then becomes the program. Runs on the Node that npm
 * has (20 or newer), imports nothing that has to be installed first, and writes nothing outside of the clone.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Milliseconds that a step has to end by itself after a signal; npm unpacks on for a while. */
const END_MS = 2000;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** In a folder that git ignores, and that `npm ci` leaves alone. */
const lock = join(root, 'dist', '.install.lock');
/** Node, npm and vite keep compiled code in the temporary folder unless told otherwise. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node') };
const [task, ...args] = process.argv.slice(2);
const say = (line) => process.stderr.write(`${line}\n`);

// A terminal that was closed must not keep us from clearing up.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (!['EIO', 'EPIPE'].includes(error.code)) throw error;
  });
}

function fail(message, hint) {
  say(`error: ${message}`);
  if (hint) say(`hint: ${hint}`);
  process.exit(1);
}

/** Runs to its end with its output shown. A signal ends it with all it started, and only then us. */
async function runNow(what, command, commandArgs) {
  let child;
  let signalled;
  let kill;
  const end = (signal) => {
    signalled ??= signal;
    endGroup(child, 'SIGTERM');
    kill ??= setTimeout(() => endGroup(child, 'SIGKILL'), END_MS);
  };
  // Before the child is there: a signal in between would end us and leave it.
  for (const signal of SIGNALS) process.on(signal, end);
  // A group of its own, so that Ctrl-C comes to it through us, and to its install scripts too.
  child = spawn(command, commandArgs, { cwd: root, env, stdio: ['ignore', 2, 2], detached: true });
  const unwatch = watchParent(() => end('SIGTERM'));
  const outcome = await new Promise((resolve) => {
    child.on('error', (error) => resolve(`: ${error.message}`));
    child.on('exit', (code) => resolve(code === 0 ? undefined : ''));
  });
  unwatch();
  clearTimeout(kill);
  for (const signal of SIGNALS) process.off(signal, end);
  if (signalled !== undefined) {
    endGroup(child, 'SIGKILL');
    fail(`${what} was ended by ${signalled}`, 'the next npm start or npm test begins it anew');
  }
  if (outcome !== undefined)
    fail(`${what} failed${outcome}`, `run it by hand: ${command} ${commandArgs.join(' ')}`);
}

function endGroup({ pid }, signal) {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** A killed parent sends no signal. Returns what ends the watch. */
function watchParent(onGone) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, 1000);
  return () => clearInterval(watch);
}

/**
 * Does the step unless its inputs are those it was last done for, and `output` is the file that it left then: it may have
 * been done by hand since. `salt`: what else goes into it.
 */
async function unlessFresh(name, inputs, output, step, salt = '') {
  const stamp = join(root, 'node_modules', `.atlas-${name}`);
  const hash = createHash('sha256').update(`${salt}\0`);
  for (const input of inputs) addTo(hash, join(root, input));
  const wanted = hash.digest('hex');
  const made = join(root, output);
  const stampText = () => `${wanted} ${createHash('sha256').update(readFileSync(made)).digest('hex')}`;
  if (existsSync(stamp) && existsSync(made) && readFileSync(stamp, 'utf8') === stampText()) return;
  takeLock();
  const startedAt = Date.now();
  await step();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, stampText());
  say(`  done in ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
}

function addTo(hash, path) {
  const entries = entriesOf(path);
  if (entries === undefined) return void hash.update(`${path}\0`).update(readFileSync(path));
  for (const entry of entries.sort()) addTo(hash, join(path, entry));
}

/** Undefined for a file. */
function entriesOf(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Two installations at once would each delete what the other one unpacks. */
function takeLock() {
  const holder = lockHolder();
  if (holder === process.pid) return;
  if (holder !== undefined && isAlive(holder)) {
    fail(
      `another npm start or npm test installs here (process ${holder})`,
      `wait until it is done, and try again; if none runs, remove ${lock}`,
    );
  }
  rmSync(lock, { force: true });
  mkdirSync(dirname(lock), { recursive: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    fail('another npm start or npm test has just begun to install here', 'wait until it is done');
  }
  process.on('exit', releaseLock);
}

function releaseLock() {
  if (lockHolder() === process.pid) rmSync(lock, { force: true });
}

function lockHolder() {
  const pid = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function install() {
  return unlessFresh('install', ['package-lock.json'], 'node_modules/.package-lock.json', () => {
    say('Installing from package-lock.json (about half a minute the first time)');
    const wanted = ['--include=dev', '--include=optional', '--no-audit', '--no-fund'];
    return runNow('the installation', 'npm', ['ci', ...wanted]);
  });
}

function buildConsole() {
  const inputs = ['console', 'src', 'package-lock.json'];
  return unlessFresh('console', inputs, 'dist/console/licences.json', () => {
    say('Building the console');
    const quietly = ['--', '--logLevel', 'warn'];
    return runNow('the build of the console', 'npm', ['run', '--silent', 'build', ...quietly]);
  });
}

/** What packages for Macs carry: the program with all that it needs, in one folder. */
function bundleProgram() {
  const inputs = ['src', 'scripts', 'dist/console', 'LICENSE', 'package.json', 'package-lock.json'];
  const bundle = () => {
    say('Bundling the program');
    return runNow('the bundling of the program', 'npm', ['run', '--silent', 'bundle']);
  };
  return unlessFresh('program', inputs, 'dist/program/program.json', bundle, env.SOURCE_DATE_EPOCH);
}

const tasks = {
  demo: () => become(join(root, 'bin', 'atlas-fleet'), ['demo', ...args]),
  test: () => run('scripts/test.ts'),
  bench: () => run('bench/main.ts'),
  faults: () => run('faults/main.ts'),
  release: () => run('scripts/release.ts'),
};

function run(script) {
  become(join(root, 'node_modules', '.bin', 'node'), [join(root, script), ...args]);
}

/** Hands over: signals go to the program, and its end is ours. A killed parent ends it too. */
function become(command, commandArgs) {
  let child;
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal)); // before the child is there
  child = spawn(command, commandArgs, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  const unwatch = watchParent(() => child.kill('SIGTERM'));
  child.on('error', (error) => fail(`${command}: ${error.message}`, 'remove node_modules and try again'));
  child.on('exit', (code, signal) => {
    unwatch();
    process.exitCode = signal ? 1 : code;
  });
}

const start = tasks[task];
if (!start) fail(`usage: node scripts/run.mjs ${Object.keys(tasks).join('|')}`);
await install();
await buildConsole();
await bundleProgram();
releaseLock();
start();
