/** The demo as a person starts it, for the pages: three servers and an agent in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LAUNCHER } from '../cli/atlas-fleet.ts';
import { freePorts } from '../scenario/loopback-ports.ts';

interface DemoLine {
  readonly urls: readonly [string, string, string];
  readonly user: string;
  readonly password: string;
  readonly pids: { readonly servers: readonly [number, number, number] };
}

export class DemoCluster {
  readonly line: DemoLine;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(line: DemoLine, folder: string, child: ChildProcess) {
    this.line = line;
    this.#folder = folder;
    this.#child = child;
  }

  static async start(): Promise<DemoCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-pages-'));
    const port = await freePorts(3);
    const child = spawn(LAUNCHER, ['demo', '--json', '--port', String(port)], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the demo ended with ${code} instead of running`);
    });
    const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string];
    ended.catch(() => {}); // it did run, and ends with the tests
    return new DemoCluster(JSON.parse(line) as DemoLine, folder, child);
  }

  /** Whoever can write to the registry puts this there. */
  forge(type: 'node' | 'heartbeat', nodeId: string, text: string): void {
    const beside = join(this.#folder, 'forged');
    writeFileSync(beside, text);
    renameSync(beside, join(this.#folder, '.atlas-demo', 'cluster', type, `${nodeId}.json`));
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGINT');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
