/**
 * Asks the routes of a server as the local administrator, whatever carries the question there: what it answers, or its
 * own error when it refuses.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { AtlasError, type ErrorCode } from '../base/errors.ts';

const ANSWER_MAX_BYTES = 16 * 1024 * 1024;
const PROBLEM_STATUS = 400;

interface Problem {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint?: string;
  readonly errors?: readonly { pointer: string; message: string }[];
}

/** An answer that is a file, as it comes. Reading it rejects with unreachable when it breaks off. */
export interface Download {
  readonly headers: IncomingHttpHeaders;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface ControlClient {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  delete(path: string): Promise<void>;
  download(path: string, body: unknown): Promise<Download>;
}

type Method = 'GET' | 'POST' | 'DELETE';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

export type Send = (method: Method, path: string, body?: unknown) => Promise<Answer>;

export function clientOver(send: Send): ControlClient {
  const ask = async (method: Method, path: string, body?: unknown) => read(await send(method, path, body));
  return {
    get: async <T>(path: string) => (await ask('GET', path)) as T,
    post: async <T>(path: string, body: unknown) => (await ask('POST', path, body)) as T,
    delete: async (path) => void (await ask('DELETE', path)),
    download: async (path, body) => {
      const answer = await send('POST', path, body);
      if (answer.status >= PROBLEM_STATUS) await read(answer);
      return { headers: answer.headers, chunks: answer.body };
    },
  };
}

async function read(answer: Answer): Promise<unknown> {
  const text = await textOf(answer.body);
  const said: unknown = text === '' ? undefined : JSON.parse(text);
  if (answer.status < PROBLEM_STATUS) return said;
  const { code, detail, hint, errors: parts } = said as Problem;
  throw new AtlasError(code, detail, { ...(hint && { hint }), ...(parts && { parts }) });
}

async function textOf(body: Answer['body']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > ANSWER_MAX_BYTES) throw new AtlasError('unreachable', 'the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
