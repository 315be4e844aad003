/**
 * Plain HTTP on the TLS port is answered with a 400 that names the https address, instead of a handshake error
 * that explains nothing (the seeds' `curl http://localhost:8768` must explain itself).
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { AtlasError } from '../base/errors.ts';
import { rawProblem } from './problem.ts';

/** First byte of a TLS record that holds a handshake (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 0x16;
/** Milliseconds a connection may be open without a first byte. */
const FIRST_BYTE_MS = 10_000;

/** Looks at the first byte of each connection before TLS does. `address`: what to use instead. */
export function answerPlainHttp(server: Server, address: () => string): void {
  const secure = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const giveUp = setTimeout(() => socket.destroy(), FIRST_BYTE_MS).unref();
    socket.once('error', () => socket.destroy());
    socket.once('close', () => clearTimeout(giveUp));
    socket.once('readable', () => {
      clearTimeout(giveUp);
      const first: Buffer | null = socket.read();
      if (first === null) return void socket.destroy();
      if (first[0] !== TLS_HANDSHAKE) return void socket.end(answer(address()));
      socket.unshift(first);
      for (const listener of secure) listener.call(server, socket);
    });
  });
}

function answer(address: string): string {
  return rawProblem(
    new AtlasError('tls_required', 'This port speaks https only.', { hint: `Use ${address}` }),
  );
}
