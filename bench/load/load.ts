/** Reports sent to one server by a process of their own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Load {
  readonly port: number;
  readonly path: string;
  readonly apiKey: string;
  /** Base64. */
  readonly encryptionKey: string;
  readonly connections: number;
  readonly seconds: number;
  /** Reports sealed before the first is sent; the load ends early when they are used up. */
  readonly stock: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Answers other than 200, by status. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Rejects when one report was not taken: a load that is refused is no measure of intake. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  const generator = fork(join(import.meta.dirname, 'generator.ts'));
  try {
    generator.send(load);
    const failed = once(generator, 'exit').then(() => {
      throw new Error('the load generator ended');
    });
    const [result] = (await Promise.race([once(generator, 'message'), failed])) as [LoadResult];
    if (Object.keys(result.refused).length > 0)
      throw new Error(`not all reports were taken: ${JSON.stringify(result.refused)}`);
    return result;
  } finally {
    generator.kill('SIGKILL');
  }
}
