/**
 * Talks to the running server of a data folder over its control socket: the same routes as HTTP, as the local
 * administrator. Who may read config.yaml may administer; no password is asked.
 */
import { type IncomingMessage, request } from 'node:http';
import { AtlasError, systemCode } from '../base/errors.ts';
import { checkControlFolder, controlPath } from '../config/control-path.ts';
import { requireConfig } from './configuration.ts';
import { type Answer, type ControlClient, clientOver } from './control-client.ts';

/** Milliseconds without a byte: a package that waits for others to be built takes the longest. */
const SILENCE_MS = 60_000;

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
