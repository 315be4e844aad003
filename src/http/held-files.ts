/**
 * Files that are read once and held in memory, as they are and compressed: to answer a request opens no file, and
 * every answer is made of the same bytes (pieces.ts sees to it that TLS copies few of them at a time). No name leads
 * out of the folder.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AtlasError, systemCode } from '../base/errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.yaml': 'application/yaml; charset=utf-8',
};
/** Starts of types that compression makes smaller. */
const COMPRESSIBLE = /^(text|application|image\/svg)/;
/** Of Accept-Encoding (RFC 9110, 12.5.3): gzip, and not with the weight 0. */
const TAKES_GZIP = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i;
const compressed = promisify(gzip);

/** Always the same bytes to everybody: what holds a secret, or what a caller sent, must never be compressed (BREACH). */
export class HeldFile {
  readonly #bytes: Buffer;
  readonly #type: string;
  readonly #cacheControl: string;
  readonly #hash: string;
  #gzipped: Promise<Buffer> | undefined;

  /** `name`: its end says of which type it is. */
  constructor(name: string, bytes: Buffer, cacheControl: string) {
    this.#bytes = bytes;
    this.#type = TYPES[extname(name)] ?? 'application/octet-stream';
    this.#cacheControl = cacheControl;
    this.#hash = createHash('sha256').update(bytes).digest('base64url');
  }

  async send({ headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const asGzip = COMPRESSIBLE.test(this.#type) && TAKES_GZIP.test(headers['accept-encoding'] ?? '');
    const etag = `"${this.#hash}${asGzip ? '-gzip' : ''}"`;
    reply.headers({ etag, 'cache-control': this.#cacheControl, vary: 'accept-encoding' });
    if (headers['if-none-match'] === etag) return reply.code(304).send();
    reply.header('content-type', this.#type);
    if (!asGzip) return reply.send(this.#bytes);
    this.#gzipped ??= compressed(this.#bytes);
    return reply.header('content-encoding', 'gzip').send(await this.#gzipped);
  }
}

export class HeldFiles {
  readonly #files: ReadonlyMap<string, HeldFile>;

  private constructor(files: ReadonlyMap<string, HeldFile>) {
    this.#files = files;
  }

  /** What lies in the folder itself, not below it. A folder that is not there holds nothing. */
  static async read(folder: string, cacheControl: string): Promise<HeldFiles> {
    const files = new Map<string, HeldFile>();
    for (const name of await namesIn(folder)) {
      files.set(name, new HeldFile(name, await readFile(join(folder, name)), cacheControl));
    }
    return new HeldFiles(files);
  }

  /** Rejects with not_found. */
  async send(name: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const file = this.#files.get(name);
    if (file === undefined) throw new AtlasError('not_found', 'There is nothing at this address.');
    return file.send(request, reply);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
