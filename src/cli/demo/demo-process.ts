/**
 * The processes of a demo: started with a channel, so that each ends when this one does, however it does; and
 * started again some seconds after they died, as launchd does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { AtlasError } from '../../base/errors.ts';
import { MAIN } from '../../place.ts';
import type { DemoMember } from './demo-folder.ts';

/** Seconds, launchd's ThrottleInterval: longer than the demo's node_timeout, so that the death is seen. */
export const COMES_BACK_SECONDS = 10;
const PRIVATE_FILE = 0o600;
/** Milliseconds to end by itself before it is ended. */
const END_MS = 8000;
const LOG_LINES_SHOWN = 8;

export class DemoProcess {
  readonly member: DemoMember;
  readonly #command: 'server' | 'agent';
  readonly #say: (line: string) => void;
  #child: ChildProcess | undefined;
  #again: NodeJS.Timeout | undefined;
  #ending = false;

  constructor(command: 'server' | 'agent', member: DemoMember, say: (line: string) => void) {
    this.#command = command;
    this.member = member;
    this.#say = say;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resolves when it says that it is ready; rejects with the end of its log when it ends instead. */
  start(): Promise<void> {
    const child = this.#spawn();
    return new Promise((resolve, reject) => {
      const onExit = () => reject(this.#giveUp());
      child.once('error', reject).once('exit', onExit);
      child.once('message', () => {
        child.off('exit', onExit);
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#again);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const kill = setTimeout(() => child.kill('SIGKILL'), END_MS);
    if (child.connected) child.disconnect();
    child.kill('SIGCONT'); // it may have been stopped for a try
    await ended;
    clearTimeout(kill);
  }

  #spawn(): ChildProcess {
    const { configPath, logPath } = this.member;
    const log = openSync(logPath, 'a', PRIVATE_FILE);
    const child = spawn(process.execPath, [MAIN, this.#command, '--config', configPath], {
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#child = child;
    child.once('exit', (code, signal) => this.#noteEnd(signal ?? `exit code ${code}`));
    return child;
  }

  #noteEnd(how: string): void {
    if (this.#ending) return;
    this.#say(`${this.member.name} stopped (${how}); it comes back in ${COMES_BACK_SECONDS} s.`);
    this.#again = setTimeout(() => {
      this.#spawn().once('message', () => this.#say(`${this.member.name} is back (process ${this.pid}).`));
    }, COMES_BACK_SECONDS * 1000);
  }

  /** It does not come back: what hindered it once would hinder it again. */
  #giveUp(): AtlasError {
    this.#ending = true;
    clearTimeout(this.#again);
    const lines = readFileSync(this.member.logPath, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN);
    return new AtlasError('internal', `${this.member.name} did not start:\n${lines.join('\n')}`);
  }
}
