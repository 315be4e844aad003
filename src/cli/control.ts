/**
 * Talks to the running server of a data folder over its control socket: the same routes as HTTP, as the local
 * administrator. Who may read config.yaml may administer; no password is asked.
 */
import { request } from 'node:http';
import { AtlasError, type ErrorCode, systemCode } from '../base/errors.ts';
import { checkControlFolder, controlPath } from '../config/control-path.ts';
import { requireConfig } from './configuration.ts';
import { packing } from './packing.ts';
import { VERSION } from './program.ts';

const ANSWER_MS = 30_000;
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;

export interface ControlClient {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  delete(path: string): Promise<void>;
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
  const { config } = await requireConfig({ role: 'any', configPath: flags.config });
  return controlClient(config.server.dataDir);
}

/**
 * Through the running server, or, when none runs, on its database: the same routes in this process. Lets go of
 * what it opened.
 */
export async function administer<T>(
  flags: { readonly config?: string },
  work: (client: ControlClient) => Promise<T>,
): Promise<T> {
  const loaded = await requireConfig({ role: 'server', configPath: flags.config });
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
    packing: packing(),
    openLog: () => silentLog,
  });
  try {
    return await work(
      clientOver(async (method, url, body) => {
        const answer = await offline.app.inject({
          method,
          url,
          ...(body !== undefined && { payload: body as object }),
        });
        return { status: answer.statusCode, text: answer.body };
      }),
    );
  } finally {
    await offline.close();
  }
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
type Send = (method: Method, path: string, body?: unknown) => Promise<{ status: number; text: string }>;

function clientOver(send: Send): ControlClient {
  const ask = async (method: Method, path: string, body?: unknown) => read(await send(method, path, body));
  return {
    get: async <T>(path: string) => (await ask('GET', path)) as T,
    post: async <T>(path: string, body: unknown) => (await ask('POST', path, body)) as T,
    delete: async (path) => void (await ask('DELETE', path)),
  };
}

function read({ status, text }: { status: number; text: string }): unknown {
  const answer: unknown = text === '' ? undefined : JSON.parse(text);
  if (status < 400) return answer;
  const problem = answer as { code: ErrorCode; detail: string; hint?: string };
  throw new AtlasError(problem.code, problem.detail, problem.hint ? { hint: problem.hint } : {});
}

function send(socketPath: string, method: string, path: string, body: unknown) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const asking = request({ socketPath, method, path, headers, timeout: ANSWER_MS }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.byteLength;
        if (length > ANSWER_MAX_BYTES) asking.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', reject);
    });
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
    asking.on('error', (error) => reject(asUnreachable(error, socketPath)));
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
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
