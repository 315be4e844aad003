/**
 * Plain HTTP on the TLS port is answered with a 400 that names the https address, instead of a handshake error
 * that explains nothing (the seeds' `curl http://localhost:8768` must explain itself). Whatever comes before a
 * handshake is done has a hard end: nobody else watches over a socket that TLS has not taken yet.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { AtlasError } from '../base/errors.ts';
import { rawProblem } from './problem.ts';

/** First byte of a TLS record that holds a handshake (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 0x16;

export interface PlainAnswer {
  /** What to use instead. */
  readonly address: string;
  /** Milliseconds for the first byte to arrive, and for the answer to be taken. */
  readonly firstByteMs: number;
}

/** Looks at the first byte of each connection before TLS does. */
export function answerPlainHttp(server: Server, { address, firstByteMs }: PlainAnswer): void {
  const secure = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const giveUp = setTimeout(() => socket.destroy(), firstByteMs).unref();
    socket.once('error', () => socket.destroy());
    socket.once('close', () => clearTimeout(giveUp));
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      if (first === null) return void socket.destroy();
      // The other side may keep its half open, so ours alone would not end the connection.
      if (first[0] !== TLS_HANDSHAKE) return void socket.end(answer(address), () => socket.destroySoon());
      clearTimeout(giveUp); // TLS has its own
      socket.unshift(first);
      for (const listener of secure) listener.call(server, socket);
    });
  });
  // No answer can be sent before the handshake: one would wait for it, and hold the socket for ever.
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (_: Error, socket: TLSSocket) => void socket.destroy());
}

function answer(address: string): string {
  return rawProblem(
    new AtlasError('tls_required', 'This port speaks https only.', { hint: `Use ${address}` }),
  );
}
