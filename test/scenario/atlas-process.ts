/**
 * One real `atlas-fleet server` (or agent) in a process of its own, started through `bin/atlas-fleet` with a
 * channel: it says when it is ready, and ends when the test's process does, however that ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { LAUNCHER } from '../cli/atlas-fleet.ts';

/** Milliseconds, on a machine that is busy with others. A cold start takes about one second on one that is not. */
const START_MS = 120_000;
const END_MS = 60_000;

export interface ProcessPlan {
  readonly command: 'server' | 'agent';
  readonly configPath: string;
  /** More of the command line. */
  readonly args?: readonly string[];
  readonly logPath: string;
  /** Of a bundled program, in place of the checkout's. */
  readonly launcher?: string;
  /** Beside PATH, which is all that it inherits. */
  readonly env?: Readonly<Record<string, string>>;
}

export class AtlasProcess {
  readonly #plan: ProcessPlan;
  #child: ChildProcess | undefined;

  constructor(plan: ProcessPlan) {
    this.#plan = plan;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('not started');
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** All it ever said, over all its runs. */
  log(): string {
    return readFileSync(this.#plan.logPath, 'utf8');
  }

  /** Resolves when it says that it is ready; rejects with its log when it ends instead. */
  async start(): Promise<void> {
    const { command, configPath, logPath, launcher = LAUNCHER, args = [], env } = this.#plan;
    const log = openSync(logPath, 'a', 0o600);
    const child = spawn(launcher, [command, '--config', configPath, ...args], {
      cwd: '/',
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#child = child;
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(START_MS)]);
    const failed = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`${command} ended with ${code} instead of starting:\n${this.log()}`);
    });
    try {
      await Promise.race([once(child, 'message', { signal }), failed]);
    } finally {
      end.abort();
      failed.catch(() => {}); // it did start, and ends one day
    }
  }

  /** SIGKILL: no last word. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Resolves with the exit code. */
  async terminate(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return child?.exitCode ?? null;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(END_MS) });
    child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}
