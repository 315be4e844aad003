/** A server's part of a test, in a process of its own (store-child.ts), which can be killed at any moment. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const CHILD = `${import.meta.dirname}/store-child.ts`;

export interface StorePlan {
  /** The file, or postgres://…. */
  readonly place: string;
  readonly keyHex: string;
  readonly machine: number;
  readonly reports: number;
  /** Kilobytes of the largest file that it may write. */
  readonly fileLimit?: number;
}

export class StoreProcess {
  readonly said: string[] = [];
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  readonly #lines: ReturnType<typeof createInterface>;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#process = child;
    this.#closed = once(child, 'close');
    this.#lines = createInterface({ input: child.stdout });
    this.#lines.on('line', (line) => this.said.push(line));
    child.stdin.on('error', () => undefined); // it was killed
    child.stderr.pipe(process.stderr);
  }

  /** Ready, and waiting for go(). */
  static async start({ place, keyHex, machine, reports, fileLimit }: StorePlan): Promise<StoreProcess> {
    const command = [process.execPath, CHILD, place, keyHex, `${machine}`, `${reports}`];
    const limited = ['bash', '-c', `ulimit -f ${fileLimit}; exec "$@"`, 'bash', ...command];
    const [program = '', ...rest] = fileLimit === undefined ? command : limited;
    const started = new StoreProcess(spawn(program, rest));
    await started.hasSaid(1);
    return started;
  }

  /** Resolves when it has said that many lines. */
  async hasSaid(count: number): Promise<void> {
    const early = this.#closed.then(() => {
      throw new Error(`the process ended early, after: ${this.said.slice(-3).join(', ')}`);
    });
    while (this.said.length < count) await Promise.race([once(this.#lines, 'line'), early]);
    early.catch(() => {});
  }

  /** The turns of which it said that. */
  turns(result: 'stored' | 'known'): number[] {
    return this.said.filter((line) => line.startsWith(result)).map((line) => Number(line.split(' ')[1]));
  }

  go(): void {
    this.#process.stdin.end('go\n');
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async ended(): Promise<void> {
    await this.#closed;
  }
}
