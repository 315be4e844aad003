/** Opens a door on its port, or says in words why not. */
import { AtlasError, systemCode } from '../base/errors.ts';
import type { App } from './app.ts';

/** Rejects with port_taken. */
export async function listen(app: App, { host, port }: { host: string; port: number }): Promise<void> {
  try {
    // For `localhost` fastify would open a second server, without the bounds of the first.
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  } catch (cause) {
    if (systemCode(cause) !== 'EADDRINUSE') throw cause;
    throw new AtlasError('port_taken', `port ${port} on ${host} is taken by another program`, {
      cause,
      hint: 'stop it, or choose another port (server.port)',
    });
  }
}
