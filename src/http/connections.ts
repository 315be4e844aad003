/**
 * What a connection may cost before anybody is known: how many there are, how long one may take, stay silent or
 * not read, and how many requests it may have unanswered. And their end: a server that closes is closed after a
 * bound, whatever its clients do.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { App } from './app.ts';
import type { NetworkShare } from './network-share.ts';

export interface ConnectionLimits {
  /** Open at the same time; more are not taken. */
  readonly connections: number;
  /** Of one network, before anybody on them is known. */
  readonly strangers: number;
  /** Requests of one connection that are not answered yet. Browsers and agents send one. */
  readonly unanswered: number;
  /** Milliseconds for the first byte, and then for the TLS handshake. */
  readonly handshakeMs: number;
  /** Milliseconds for the head of a request, and for all of it. */
  readonly headMs: number;
  readonly requestMs: number;
  /** Milliseconds by which the two above may be exceeded. */
  readonly checkMs: number;
  /** Milliseconds without one byte in either direction, which is also how long an answer may wait for its reader. */
  readonly silenceMs: number;
  /** Milliseconds to read an answer, and bytes of it that add a second. */
  readonly readMs: number;
  readonly readBytesPerSecond: number;
  /** Milliseconds from a request to the end of its answer, whatever its length; longer than any event stream. */
  readonly answerMs: number;
  /** Milliseconds that requests under way get when the server closes. */
  readonly closeMs: number;
}

/** All arbitrary. */
export const CONNECTION_LIMITS: ConnectionLimits = {
  connections: 4096,
  strangers: 1024,
  unanswered: 16,
  handshakeMs: 10_000,
  headMs: 10_000,
  requestMs: 30_000,
  checkMs: 5000,
  silenceMs: 60_000,
  readMs: 30_000,
  readBytesPerSecond: 16 * 1024,
  answerMs: 660_000,
  closeMs: 4000,
};

/** From this part of the connections on, each is closed with its answer: more clients than places take turns. */
const CROWDED_SHARE = 0.75;

/** To be called last of all that listens to the server: it has to see each socket before TLS does. */
export function boundConnections(app: App, limits: ConnectionLimits, share: NetworkShare): void {
  app.server.maxConnections = limits.connections;
  boundAnswers(app, limits);
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    if (!share.take(socket)) return void socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('onSend', async (_, reply) => {
    if (sockets.size > limits.connections * CROWDED_SHARE) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, limits.closeMs).unref();
    app.server.once('close', () => clearTimeout(cut));
  });
}

/**
 * Node reads on while answers wait, and one packet holds a thousand requests: each would be carried out and its
 * answer kept for a client that never reads. One that reads a byte a minute is never silent, and ends all the same.
 */
function boundAnswers(app: App, limits: ConnectionLimits): void {
  const { server } = app;
  const [handle] = server.listeners('request') as RequestListener[];
  const unanswered = new WeakMap<Socket, number>();
  const count = (socket: Socket, change: number) => {
    const now = (unanswered.get(socket) ?? 0) + change;
    unanswered.set(socket, now);
    return now;
  };
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (socket.destroyed || count(socket, 1) > limits.unanswered) return void socket.destroy();
    endAfter(limits.answerMs, socket, response);
    response.once('close', () => count(socket, -1));
    handle?.(request, response);
  });
  app.addHook('onSend', async ({ raw: { socket } }, reply) => {
    if (socket.destroyed) return;
    const lengthBytes = Number(reply.getHeader('content-length') ?? 0); // of what is short it is not said yet
    endAfter(Math.min(limits.answerMs, readingMs(lengthBytes, limits)), socket, reply.raw);
  });
}

function readingMs(lengthBytes: number, { readMs, readBytesPerSecond }: ConnectionLimits): number {
  return readMs + Math.ceil(lengthBytes / readBytesPerSecond) * 1000;
}

function endAfter(ms: number, socket: Socket, response: ServerResponse): void {
  const tooLong = setTimeout(() => socket.destroy(), ms).unref();
  response.once('close', () => clearTimeout(tooLong));
}
