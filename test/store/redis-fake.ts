/** Something in the place of a Redis or a Sentinel: it answers each command, by its name, with bytes of our choice. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** By the first word of the command, in capitals; `text` is all that came with it. Null: as a Redis that has nothing. */
export type FakeAnswers = (name: string, text: string) => string | null;

const HONEST: Readonly<Record<string, string>> = {
  HELLO: '%1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n',
  PING: '+PONG\r\n',
  EXISTS: ':0\r\n',
  GETRANGE: '$0\r\n\r\n',
  SADD: ':0\r\n',
  SCARD: ':0\r\n',
  MEMORY: '_\r\n',
  EXEC: '*1\r\n*0\r\n',
};

export interface FakeRedis {
  readonly port: number;
  /** All that was ever sent to it. */
  readonly heard: () => string;
}

export async function startFakeRedis(answers: FakeAnswers): Promise<FakeRedis> {
  const sockets = new Set<Socket>();
  let heard = '';
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
      for (const [, name = ''] of text.matchAll(/\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n/g))
        socket.write(answers(name, text) ?? HONEST[name] ?? '+OK\r\n', 'latin1');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, heard: () => heard };
}
