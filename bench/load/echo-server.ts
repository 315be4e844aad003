/** The raw limit of intake: a bare fastify that parses a JSON body and answers with it, in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fastify from 'fastify';

export interface Echo {
  readonly port: number;
  stop(): void;
}

export async function startEcho(): Promise<Echo> {
  const child = fork(import.meta.filename);
  const [port] = (await once(child, 'message')) as [number];
  return { port, stop: () => void child.kill('SIGKILL') };
}

if (process.argv[1] === import.meta.filename) {
  const app = fastify();
  app.post('/', async (request) => request.body);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  process.send?.(Number(new URL(url).port));
}
