/**
 * A server that is not ours (Redis, PostgreSQL, HAProxy), in a process and a temporary folder of its own. It listens
 * on loopback, can be stopped, continued, killed and started again, and ends when the process that started it does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { eventually } from '../scenario/eventually.ts';

/** Milliseconds, on a machine that is busy with others. The slowest is ready within two seconds on one that is not. */
const START_MS = 120_000;
const END_MS = 60_000;

export interface ForeignPlan {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** What its output says once it serves. Absent: it says nothing, and `answers` is asked. */
  readonly ready?: RegExp;
  readonly answers?: () => Promise<boolean>;
  /** Another user than root, for servers that refuse to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly env?: Readonly<Record<string, string>>;
}

export class ForeignServer {
  readonly #plan: ForeignPlan;
  readonly #logPath: string;
  #child: ChildProcess | undefined;
  #logged = 0;

  constructor(plan: ForeignPlan) {
    this.#plan = plan;
    this.#logPath = join(plan.folder, 'log');
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.#plan.program} was not started`);
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** All it said, over all its runs. */
  log(): string {
    return existsSync(this.#logPath) ? readFileSync(this.#logPath, 'utf8') : '';
  }

  /** Resolves when it serves; rejects with what it said when it ends instead. */
  async start(): Promise<void> {
    this.#logged = this.log().length;
    const log = openSync(this.#logPath, 'a');
    const [program = '', ...args] = [...this.#leash(), this.#plan.program, ...this.#plan.args];
    this.#child = spawn(program, args, {
      cwd: this.#plan.folder,
      env: { PATH: SEARCHED.join(delimiter), LC_ALL: 'C', ...this.#plan.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    let failure: Error | undefined;
    this.#child.once('error', (error) => {
      failure = error;
    });
    await eventually(`${this.#plan.program} serves`, START_MS, async () => {
      if (failure !== undefined || !this.isRunning) return true;
      return this.#plan.ready ? this.#plan.ready.test(this.#fresh()) : this.#plan.answers?.();
    });
    if (failure !== undefined || !this.isRunning)
      throw new Error(`${this.#plan.program} did not start: ${failure?.message ?? this.#fresh()}`);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** SIGKILL unless told otherwise. A stopped one is continued first, or it would not hear anything else. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(END_MS) });
    child.kill(signal);
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await ended;
  }

  #fresh(): string {
    return this.log().slice(this.#logged);
  }

  /** Linux: the kernel ends it with the process that started it, however that one ends. */
  #leash(): string[] {
    const { user } = this.#plan;
    if (findProgram('setpriv') === undefined) {
      if (user !== undefined) throw new Error('setpriv is needed to run as another user');
      return [];
    }
    const as = user ? ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups'] : [];
    return ['setpriv', ...as, '--pdeathsig', 'KILL', '--'];
  }
}

const SEARCHED = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/opt/homebrew/bin'];

/** The path of a program, where a shell would find it and in the folders of system programs. */
export function findProgram(name: string): string | undefined {
  return SEARCHED.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
