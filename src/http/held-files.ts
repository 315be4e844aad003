/**
 * The files of one folder, read once and held in memory: to answer a request opens no file and copies nothing,
 * so that who asks often or never reads costs next to nothing, and no name leads out of the folder.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
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
};

interface HeldFile {
  readonly bytes: Buffer;
  readonly type: string;
  readonly etag: string;
}

export class HeldFiles {
  readonly #files: ReadonlyMap<string, HeldFile>;
  readonly #cacheControl: string;

  private constructor(files: ReadonlyMap<string, HeldFile>, cacheControl: string) {
    this.#files = files;
    this.#cacheControl = cacheControl;
  }

  /** What lies in the folder itself, not below it. A folder that is not there holds nothing. */
  static async read(folder: string, cacheControl: string): Promise<HeldFiles> {
    const files = new Map<string, HeldFile>();
    for (const name of await namesIn(folder)) {
      const bytes = await readFile(join(folder, name));
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
      files.set(name, { bytes, type, etag });
    }
    return new HeldFiles(files, cacheControl);
  }

  /** Throws not_found. */
  send(name: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const file = this.#files.get(name);
    if (file === undefined) throw new AtlasError('not_found', 'There is nothing at this address.');
    reply.header('etag', file.etag).header('cache-control', this.#cacheControl);
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
    return reply.header('content-type', file.type).send(file.bytes);
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
