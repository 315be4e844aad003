/**
 * Server-sent events (WHATWG HTML, 9.2): each page that listens is one open answer. Bounded in number, in time, so
 * that the session is checked again, and in what waits for a reader that does not read. A stream that broke ends
 * only itself: every write and every error of it stays in here.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AtlasError } from '../base/errors.ts';
import type { Changes } from '../services/changes.ts';
import { ownerOf } from './caller.ts';

/** Pages that listen at the same time; more of them poll. Arbitrary. */
const STREAMS_MAX = 256;
/** Of one session, one token or the control socket: pages beside each other, not a way to shut others out. */
const STREAMS_PER_CALLER = 16;
const LISTEN_AGAIN_SECONDS = 30;
/** Milliseconds after which a stream ends, and its page comes back with its session. */
const STREAM_MAX_MS = 600_000;
/** Milliseconds between comments that keep proxies from closing a quiet stream. */
const KEEP_ALIVE_MS = 15_000;
/** Bytes that may wait for a reader. A page that reads has none waiting. */
const WAITING_MAX_BYTES = 4096;

export class EventStreams {
  readonly #changes: Changes;
  /** Of each stream: how it is ended, and whose it is. */
  readonly #ends = new Map<() => void, string>();

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** Takes the answer over. Throws rate_limited when too many listen. */
  open(request: FastifyRequest, reply: FastifyReply): void {
    const owner = ownerOf(request.caller);
    const own = [...this.#ends.values()].filter((one) => one === owner).length;
    if (own >= STREAMS_PER_CALLER) throw tooMany('one session or token', STREAMS_PER_CALLER);
    if (this.#ends.size >= STREAMS_MAX) throw tooMany('one server', STREAMS_MAX);
    reply.hijack();
    const stream = reply.raw;
    const { socket } = request.raw;
    if (socket.destroyed) return; // went while its session was looked up
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) stream.setHeader(name, value);
    }
    const send = (text: string) => {
      if (stream.writableLength > WAITING_MAX_BYTES) end();
      else if (!stream.writableEnded && !stream.destroyed) stream.write(text);
    };
    const unsubscribe = this.#changes.subscribe((topic) => send(`event: ${topic}\ndata: {}\n\n`));
    const keepAlive = setInterval(() => send(':\n\n'), KEEP_ALIVE_MS).unref();
    const tooLong = setTimeout(() => end(), STREAM_MAX_MS).unref();
    const end = () => {
      if (!this.#ends.delete(end)) return;
      unsubscribe();
      clearInterval(keepAlive);
      clearTimeout(tooLong);
      socket.off('close', end);
      if (!stream.writableEnded) stream.end();
      // Behind answers that nobody reads it would wait for ever.
      if (stream.socket === null || stream.writableLength > WAITING_MAX_BYTES) socket.destroy();
    };
    this.#ends.set(end, owner);
    stream.on('error', end);
    socket.once('close', end);
    request.raw.once('close', end);
    stream.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    send('retry: 3000\n\n');
  }

  /** Lets every page go, so that a server can stop. */
  endAll(): void {
    for (const end of [...this.#ends.keys()]) end();
  }
}

function tooMany(whose: string, max: number): AtlasError {
  return new AtlasError('rate_limited', `No more than ${max} pages of ${whose} listen at the same time.`, {
    hint: 'This one misses nothing: it asks every few seconds instead.',
    retryAfterSeconds: LISTEN_AGAIN_SECONDS,
  });
}
