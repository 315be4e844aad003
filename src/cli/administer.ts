/**
 * The routes of a server, whether it runs or not: where none does, they answer in this process, on its database. Who may
 * read config.yaml may administer; no password is asked.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { AtlasError } from '../base/errors.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { OfflineServer } from '../node.ts';
import { requireConfig } from './configuration.ts';
import { type ControlClient, clientOver } from './control-client.ts';
import { controlClient } from './control-socket.ts';
import { packing } from './packing.ts';
import { VERSION } from './program.ts';

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
