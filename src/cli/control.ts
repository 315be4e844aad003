/**
 * Talks to the running server of a data folder over its control socket: the same routes as HTTP, as the local
 * administrator. Who may read config.yaml may administer; no password is asked.
 */
import { type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { AtlasError, type ErrorCode, systemCode } from '../base/errors.ts';
import { checkControlFolder, controlPath } from '../config/control-path.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { OfflineServer } from '../node.ts';
import { requireConfig } from './configuration.ts';
import { packing } from './packing.ts';
import { VERSION } from './program.ts';

/** Milliseconds without a byte: a package that waits for others to be built takes the longest. */
const SILENCE_MS = 60_000;
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

/**
 * Rejects with not_running when no server answers, with folder_not_private when somebody else's might, and with
 * the server's own error when it refuses.
 */
export function controlClient(dataDir: string): ControlClient {
  const socketPath = controlPath(dataDir);
  return clientOver(async (method, path, body) => {
    await checkControlFolder(dataDir);
    return send(socketPath, method, path, body);
  });
}

/** The server that runs on this configuration. Its calls reject as those of controlClient(). */
export async function runningServer(flags: { readonly config?: string }): Promise<ControlClient> {
  const { config, secrets } = await requireConfig({ role: 'any', configPath: flags.config });
  const client = controlClient(config.server.dataDir);
  const waits = secrets.joinTicket !== null && secrets.clusterSecret === null;
  return waits ? refusedBy(client, waitsToJoin(config.log.file)) : client;
}

/** It may well run: until it has joined, nobody is there to ask. */
function waitsToJoin(logFile: string | null): AtlasError {
  return new AtlasError(
    'not_running',
    'this server has not joined yet: it waits for its ticket to be taken',
    {
      hint: `see ${logFile ?? 'its log'}: it says of each server that was asked why not`,
    },
  );
}

/** The same client, which says something else where no server runs. */
function refusedBy(client: ControlClient, error: AtlasError): ControlClient {
  const told = (cause: unknown): never => {
    throw cause instanceof AtlasError && cause.code === 'not_running' ? error : cause;
  };
  return {
    get: (path) => client.get<never>(path).catch(told),
    post: (path, body) => client.post<never>(path, body).catch(told),
    delete: (path) => client.delete(path).catch(told),
    download: (path, body) => client.download(path, body).catch(told),
  };
}

/**
 * Through the running server, or, when none runs, on its database: the same routes in this process. Lets go of
 * what it opened.
 */
export async function administer<T>(
  flags: { readonly config?: string },
  work: (client: ControlClient) => Promise<T>,
): Promise<T> {
  return administerOn(await requireConfig({ role: 'server', configPath: flags.config }), work);
}

/** The same, for whoever has read the configuration and said its warnings. */
export async function administerOn<T>(
  loaded: LoadedConfig,
  work: (client: ControlClient) => Promise<T>,
): Promise<T> {
  const client = controlClient(loaded.config.server.dataDir);
  if (await isRunning(client)) return work(client);
  const [{ openOffline }, { systemClock }, { silentLog }] = await Promise.all([
    import('../node.ts'),
    import('../base/clock.ts'),
    import('../base/log.ts'),
  ]);
  const { config, secrets } = loaded;
  const offline = await openOffline({
    config,
    secrets,
    version: VERSION,
    clock: systemClock,
    packing: packing(config),
    openLog: () => silentLog,
  });
  const { client: inside, letGo } = clientWithin(offline.app);
  try {
    return await work(inside);
  } finally {
    letGo();
    await offline.close();
  }
}

/** `letGo`: ends each answer that was not read to its end. Nobody else does where there is no connection to break. */
export function clientWithin(app: OfflineServer['app']): {
  readonly client: ControlClient;
  letGo(): void;
} {
  const answers: ServerResponse[] = [];
  const client = clientOver(async (method, url, body) => {
    const answer = await app.inject({
      method,
      url,
      ...(body !== undefined && { payload: body as object }),
      payloadAsStream: true,
    });
    answers.push(answer.raw.res);
    return {
      status: answer.statusCode,
      headers: answer.headers as IncomingHttpHeaders,
      body: answer.stream(),
    };
  });
  return { client, letGo: () => answers.forEach((answer) => void answer.destroy()) };
}

async function isRunning(client: ControlClient): Promise<boolean> {
  try {
    await client.get('/livez');
    return true;
  } catch (error) {
    if (error instanceof AtlasError && error.code === 'not_running') return false;
    throw error;
  }
}

type Method = 'GET' | 'POST' | 'DELETE';
type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
};
type Send = (method: Method, path: string, body?: unknown) => Promise<Answer>;

function clientOver(send: Send): ControlClient {
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

function send(socketPath: string, method: string, path: string, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const asking = request({ socketPath, method, path, headers, timeout: SILENCE_MS }, (response) =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: bodyOf(response, socketPath),
      }),
    );
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${SILENCE_MS / 1000} s`)));
    asking.on('error', (error) => reject(asUnreachable(error, socketPath)));
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function* bodyOf(response: IncomingMessage, socketPath: string): AsyncIterable<Uint8Array> {
  try {
    yield* response;
  } catch (error) {
    throw asUnreachable(error as Error, socketPath);
  }
}

function asUnreachable(error: Error, socketPath: string): AtlasError {
  if (systemCode(error) === 'EACCES') {
    return new AtlasError('unreachable', `${socketPath} may not be opened by this user`, {
      cause: error,
      hint: 'run it as the user of the server, with sudo as a rule',
    });
  }
  if (['ENOENT', 'ECONNREFUSED'].includes(systemCode(error) ?? '')) {
    return new AtlasError('not_running', 'no server runs on this data folder', {
      cause: error,
      hint: 'start one: atlas-fleet server --config FILE',
    });
  }
  return new AtlasError('unreachable', `the server does not answer: ${error.message}`, { cause: error });
}
