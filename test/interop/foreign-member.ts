/**
 * fleet_member.py as a member of a live cluster: a process that joins, beats by itself, and does what it is told.
 * It ends when its input does, so also with the test's process.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findPython } from '../backends/python.ts';

export const PYTHON = findPython() ?? 'python3';
export const PROGRAM = fileURLToPath(new URL('fleet_member.py', import.meta.url));

/** What the program says that an altered record is refused with, and for whom that is counted when not for itself. */
export interface Alteration {
  readonly name: string;
  readonly type: 'node' | 'heartbeat';
  readonly field: string;
  readonly code: string;
  readonly claims: string | null;
}

/** The heartbeat that was the newest when an order was done. */
export interface Place {
  readonly incarnation: number;
  readonly sequence: number;
}

export class ForeignMember {
  readonly nodeId: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #complaint = '';

  /** `args`: the registry and how to it, as the program takes them. */
  constructor(nodeId: string, args: readonly string[]) {
    this.nodeId = nodeId;
    const own = ['--node-id', nodeId, '--address', `${nodeId}.example.org:8768`];
    this.#child = spawn(PYTHON, ['-B', PROGRAM, 'member', ...args, ...own]);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stdin.on('error', () => {}); // it ended, and its next answer says so
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text;
    });
  }

  async alterations(): Promise<Alteration[]> {
    return (await this.#order('list')).told as Alteration[];
  }

  alter({ name }: Alteration): Promise<Place> {
    return this.#place(`alter ${name}`);
  }

  mend(): Promise<Place> {
    return this.#place('mend');
  }

  leave(): Promise<Place> {
    return this.#place('leave');
  }

  stop(): void {
    this.#child.stdin.end();
  }

  async #place(order: string): Promise<Place> {
    return (await this.#order(order)).place;
  }

  async #order(order: string): Promise<{ told: unknown[]; place: Place }> {
    this.#child.stdin.write(`${order}\n`);
    const told: unknown[] = [];
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) throw new Error(`${this.nodeId} ended at "${order}": ${this.#complaint}`);
      const answer = JSON.parse(value);
      if (answer.done === order) return { told, place: answer };
      told.push(answer);
    }
  }
}
