/**
 * A long answer leaves in pieces, each when those before it have gone. TLS copies all that it is given, so that of an
 * answer given whole every client that never reads holds a copy; of one in pieces it holds one or two of them.
 */
import { Readable } from 'node:stream';
import type { App } from './app.ts';

/** Arbitrary: as much as a socket takes before it asks to wait. */
export const PIECE_BYTES = 64 * 1024;

/** To be called before boundConnections, which goes by the length that is said here. */
export function sendInPieces(app: App): void {
  app.addHook('onSend', async ({ method }, reply, payload) => {
    const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (!isWhole || method === 'HEAD') return payload;
    const length = Buffer.byteLength(payload);
    if (length <= PIECE_BYTES) return payload;
    reply.header('content-length', length);
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    return Readable.from(piecesOf(bytes), { objectMode: false, highWaterMark: PIECE_BYTES });
  });
}

/** Parts of these very bytes, not copies. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
