/**
 * One real `atlas-fleet demo --json` in a folder of its own, with a HOME and a TMPDIR of its own, so that whatever
 * it writes outside of its folder is found.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAUNCHER } from '../cli/atlas-fleet.ts';
import { eventually } from './eventually.ts';
import { runForeign } from './foreign-program.ts';

const START_MS = 120_000;
const END_MS = 60_000;

/** The one line; its names are fixed (product.md). */
export interface DemoLine {
  readonly urls: readonly string[];
  readonly user: string;
  readonly password: string;
  readonly api_key: string;
  readonly config_paths: readonly string[];
  readonly pids: { readonly servers: readonly number[]; readonly agent: number };
}

/** Where demos run: `work` is where the command is typed. */
export class DemoGround {
  readonly #folder: string;
  readonly work: string;

  /** `below`: further folders to type the command in, such as those of a deep checkout. */
  constructor(below = '') {
    this.#folder = realpathSync(mkdtempSync(join(tmpdir(), 'atlas-demo-')));
    this.work = join(this.#folder, 'work', below);
    for (const path of [this.work, join(this.#folder, 'home'), join(this.#folder, 'tmp')])
      mkdirSync(path, { recursive: true });
  }

  get env(): Record<string, string> {
    const [home, tmp] = [join(this.#folder, 'home'), join(this.#folder, 'tmp')];
    return { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: tmp };
  }

  /** All that lies where the command was typed, in its HOME and in its TMPDIR. */
  get contents(): string[] {
    return [this.work, join(this.#folder, 'home'), join(this.#folder, 'tmp')].flatMap((path) =>
      readdirSync(path).map((name) => join(path, name)),
    );
  }

  /** Ids of processes whose command line names this ground: its servers and its agent do, by their configs. */
  async processes(): Promise<number[]> {
    const listed = await runForeign('ps', '-Ao', 'pid=,args=');
    return (listed?.stdout ?? '')
      .split('\n')
      .filter((line) => line.includes(this.#folder))
      .map((line) => Number.parseInt(line, 10));
  }

  /** Not so for one that ended and waits for its parent to ask how: that is a name, not a process. */
  async isAlive(pid: number): Promise<boolean> {
    const state = (await runForeign('ps', '-o', 'stat=', '-p', String(pid)))?.stdout.trim() ?? '';
    return state !== '' && !state.startsWith('Z');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export class DemoProcess {
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(ground: DemoGround, port: number, ...flags: readonly string[]) {
    const args = ['demo', '--json', '--port', String(port), ...flags];
    this.#child = spawn(LAUNCHER, args, { cwd: ground.work, env: ground.env });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async line(): Promise<DemoLine> {
    const text = await eventually('the demo prints its line', START_MS, () => {
      if (!this.isRunning) throw new Error(this.#stderr);
      return this.#stdout.includes('\n') && this.#stdout;
    });
    return JSON.parse(text);
  }

  /** As when its terminal is closed: nobody reads what it writes any more. */
  async hangUp(): Promise<number | string | null> {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    return this.end('SIGHUP');
  }

  /** Resolves with the exit code, or the signal. */
  async end(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGKILL'): Promise<number | string | null> {
    if (this.isRunning) {
      const ended = once(this.#child, 'close', { signal: AbortSignal.timeout(END_MS) });
      this.#child.kill(signal);
      await ended;
    }
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  /** For one that ends by itself. */
  async ended(): Promise<number | null> {
    if (this.isRunning) await once(this.#child, 'close', { signal: AbortSignal.timeout(END_MS) });
    return this.#child.exitCode;
  }
}
