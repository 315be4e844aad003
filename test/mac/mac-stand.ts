/**
 * A Mac to install on, made of this Linux machine: a root of its own over everything that is here, where nothing that
 * is written outlives it, with stand-ins for Apple's tools (stand-ins/). The scripts of a package run in it unchanged.
 * Its network is this machine's, so that a program in it reaches servers on loopback, or one of its own. Needs root; who
 * has none asks `macStandLack()` first and skips by name.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Installation } from '../../src/installer/installation.ts';
import type { Content, Entry, Tree } from '../../src/installer/tree.ts';
import { CHECKOUT, LOCAL_NODE } from './checkout.ts';
import type { MacNetwork } from './mac-network.ts';

export interface Ended {
  /** null: ended by a signal. */
  readonly code: number | null;
  /** stdout and stderr, as they came. */
  readonly said: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** Where an installation is cut off: before the n-th program that a script calls, or the n-th entry of the payload. */
export interface Cut {
  readonly in: 'preinstall' | 'payload' | 'postinstall';
  readonly before: number;
}

export interface InstallOptions {
  /** The third argument of the scripts. */
  readonly volume?: string;
  readonly cut?: Cut;
}

const ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: '/var/root', LANG: 'C.UTF-8' };
/** Where the Installer lays the scripts: private, and gone afterwards. */
export const SANDBOX = '/private/tmp/PKInstallSandbox';
const LAUNCHD = '/var/db/stand-in/launchd';

/**
 * Kills the shell that runs a script before the n-th program that it calls: what the shell does by itself changes no
 * file. Read by bash before the script (BASH_ENV).
 */
const CUTTER = `set -T
CUT=0
before_each() {
  case $1 in /*) ;; *) return ;; esac
  [ "$CUT" -lt "$CUT_BEFORE" ] || kill -KILL $$
  CUT=$((CUT + 1))
}
trap 'before_each "$BASH_COMMAND"' DEBUG
`;

/** Why there can be no such Mac here; null when there can. */
export function macStandLack(): string | null {
  if (process.platform !== 'linux') return 'it is made of Linux namespaces';
  if (process.geteuid?.() !== 0) return 'it needs root';
  const tried = spawnSync('unshare', ['-m', '-p', '-f', 'mount', '-t', 'tmpfs', 'trial', tmpdir()]);
  return tried.status === 0 ? null : 'this machine lets nobody mount';
}

export class MacStand {
  /** On its network; null where that is this machine's. */
  readonly address: string | null;
  readonly #keeper: ChildProcessWithoutNullStreams;
  readonly #pid: number;
  readonly #ground: string;

  private constructor(
    keeper: ChildProcessWithoutNullStreams,
    { pid, ground, address }: { pid: number; ground: string; address: string | null },
  ) {
    this.#keeper = keeper;
    this.#pid = pid;
    this.#ground = ground;
    this.address = address;
  }

  /** Gone when the test ends. */
  static async start(network?: MacNetwork): Promise<MacStand> {
    const ground = mkdtempSync(join(tmpdir(), 'atlas-mac-'));
    const script = join(import.meta.dirname, 'start-mac.sh');
    const namespaces = ['--mount', ...(network ? ['--net'] : []), '--pid', '--fork', '--kill-child=SIGKILL'];
    const keeper = spawn('unshare', [...namespaces, '/bin/sh', script, CHECKOUT, ground]);
    let trouble = '';
    keeper.stderr.on('data', (text) => {
      trouble += text;
    });
    const ended = once(keeper, 'exit').then(() => {
      throw new Error(`no Mac could be made: ${trouble}`);
    });
    await Promise.race([once(keeper.stdout, 'data'), ended]);
    ended.catch(() => {}); // it does end, with the test
    const pid = Number(readFileSync(`/proc/${keeper.pid}/task/${keeper.pid}/children`, 'utf8'));
    const address = network ? await network.connect(pid) : null;
    const mac = new MacStand(keeper, { pid, ground, address });
    onTestFinished(() => mac.stop());
    return mac;
  }

  /** With everything that runs in it. */
  async stop(): Promise<void> {
    if (this.#keeper.exitCode === null && this.#keeper.signalCode === null) {
      const gone = once(this.#keeper, 'exit');
      this.#keeper.kill('SIGKILL');
      await gone;
    }
    rmdirSync(this.#ground);
  }

  /** Where a path of the Mac lies for this process, to be read and written. No absolute link on the way is followed right. */
  at(path: string): string {
    return join(`/proc/${this.#pid}/root`, path);
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  write(path: string, text: string | Uint8Array, mode = 0o644): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
    chmodSync(this.at(path), mode);
  }

  has(path: string): boolean {
    return existsSync(this.at(path));
  }

  remove(path: string): void {
    rmSync(this.at(path), { recursive: true });
  }

  /** As root, with the environment of launchd's children. */
  async run(argv: readonly string[], { env = {} }: RunOptions = {}): Promise<Ended> {
    const variables = Object.entries({ ...ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`);
    const namespaces = ['--mount', '--pid', '--net', '--root'];
    const enter = ['-t', `${this.#pid}`, ...namespaces, '/usr/bin/env', '-i', '--chdir=/'];
    const child = spawn('nsenter', [...enter, ...variables, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said };
  }

  shell(script: string): Promise<Ended> {
    return this.run(['/bin/sh', '-ec', script]);
  }

  // The Installer

  /**
   * As `installer -pkg … -target /` does: preinstall, payload, postinstall; stops at the first script that fails. Of an
   * installation that was cut off the code is that of nothing: it ended nowhere.
   */
  async install(plan: Installation, { volume = '/', cut }: InstallOptions = {}): Promise<Ended> {
    rmSync(this.at(SANDBOX), { recursive: true, force: true });
    this.layDown(plan.scripts, SANDBOX);
    const before = await this.script('preinstall', volume, cut);
    if (before.code !== 0) return before;
    if (cut?.in === 'payload') {
      this.layDown(plan.payload.slice(0, cut.before));
      return { code: null, said: before.said };
    }
    this.layDown(plan.payload);
    this.write(`/var/db/receipts/${plan.identifier}`, '');
    const after = await this.script('postinstall', volume, cut);
    return { code: after.code, said: before.said + after.said };
  }

  /** One of those that lie in the sandbox. */
  script(name: 'preinstall' | 'postinstall', volume = '/', cut?: Cut): Promise<Ended> {
    const argv = [join(SANDBOX, name), '/tmp/Some Package.pkg', volume, volume, '/'];
    if (cut?.in !== name) return this.run(argv);
    this.write(join(SANDBOX, 'cutter'), CUTTER);
    return this.run(['/bin/bash', ...argv], {
      env: { BASH_ENV: join(SANDBOX, 'cutter'), CUT_BEFORE: `${cut.before}` },
    });
  }

  /** What stands in memory alone: for packages that were built, unpack them and call linkLocalNode(). */
  layDown(tree: Tree, folder = '/'): void {
    for (const entry of tree) this.#layDownOne(entry, join(folder, entry.path));
  }

  #layDownOne(entry: Entry, path: string): void {
    if (entry.type === 'directory') {
      mkdirSync(this.at(path), { recursive: true });
      chmodSync(this.at(path), entry.mode);
    } else if (entry.type === 'symlink') {
      symlinkSync(entry.target, this.at(path));
    } else if (path.endsWith('/bin/node')) {
      this.linkLocalNode(path);
    } else {
      this.write(path, Buffer.concat(entry.content.map(bytesOf)), entry.mode);
    }
  }

  /** In place of one for macOS. */
  linkLocalNode(path: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    rmSync(this.at(path), { force: true });
    symlinkSync(LOCAL_NODE, this.at(path));
  }

  // What launchd knows and does

  isLoaded(label: string): boolean {
    return this.has(join(LAUNCHD, 'loaded', label));
  }

  isDisabled(label: string): boolean {
    return this.has(join(LAUNCHD, 'disabled', label));
  }

  /** Everything that launchctl was asked, in order. */
  calls(): string[] {
    const path = join(LAUNCHD, 'calls');
    return this.has(path) ? this.read(path).trim().split('\n') : [];
  }

  /** `linger`: looks that still find a service after its bootout. `refusals`: bootstraps that fail. `really`: run the program. */
  launchd(manner: { linger?: number; refusals?: number; really?: boolean }): void {
    for (const [name, value] of Object.entries(manner)) this.write(join(LAUNCHD, name), `${Number(value)}\n`);
  }
}

function bytesOf(part: Content[number]): Uint8Array {
  if (part instanceof Uint8Array) return part;
  throw new TypeError('a segment is not laid down by hand: unpack the package');
}
