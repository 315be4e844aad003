/** What an attack costs the servers: their memory, and how long they took to answer while it went on. */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { LiveServer } from './live-cluster.ts';

/** Milliseconds between two questions. */
const ASK_MS = 50;

export interface Strain {
  readonly server: string;
  /** Resident memory in MB, before and at its highest. */
  readonly memoryBefore: number;
  readonly memoryMost: number;
  /** Milliseconds of the slowest answer of /livez, which needs nothing but the event loop, and how many there were. */
  readonly slowest: number;
  readonly answers: number;
}

export class StrainGauge {
  readonly #stopping = new AbortController();
  readonly #servers: Promise<Strain>[];
  readonly #answers = new Map<string, number>();

  constructor(servers: readonly LiveServer[]) {
    this.#servers = servers.map((server) => this.#watch(server));
    for (const watching of this.#servers) watching.catch(() => {}); // stop() says so
  }

  /** Of the server that gave the fewest. */
  get answers(): number {
    return Math.min(...this.#answers.values());
  }

  async stop(): Promise<readonly Strain[]> {
    this.#stopping.abort();
    return Promise.all(this.#servers);
  }

  async #watch({ name, client, process }: LiveServer): Promise<Strain> {
    const memoryBefore = residentMb(process.pid);
    let [memoryMost, slowest, answers] = [memoryBefore, 0, 0];
    this.#answers.set(name, answers);
    while (!this.#stopping.signal.aborted) {
      const asked = performance.now();
      await (await client.ask('/livez')).text();
      this.#answers.set(name, ++answers);
      slowest = Math.max(slowest, performance.now() - asked);
      memoryMost = Math.max(memoryMost, residentMb(process.pid));
      await wait(ASK_MS);
    }
    return { server: name, memoryBefore, memoryMost, slowest: Math.round(slowest), answers };
  }
}

/** Linux; NaN elsewhere. The launcher's process is the server's own: it re-executes, it does not fork. */
function residentMb(pid: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return Number.NaN;
  }
}

/** For the person who runs the tests. */
export function printStrain(what: string, strains: readonly Strain[]): void {
  for (const { server, memoryBefore, memoryMost, slowest, answers } of strains) {
    const memory = `memory ${memoryBefore} MB, then at most ${memoryMost} MB`;
    process.stderr.write(`${what}: ${server}: ${memory}; slowest of ${answers} answers ${slowest} ms\n`);
  }
}
