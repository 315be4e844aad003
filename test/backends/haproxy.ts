/** A real HAProxy on loopback before some servers, as docs/operations.md sets one up. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../scenario/loopback-ports.ts';
import { makeBackendFolder, removeBackendFolder } from './backend-folder.ts';
import { ForeignServer } from './foreign-server.ts';

export class HaproxyServer {
  readonly url: string;
  readonly process: ForeignServer;
  readonly #folder: string;

  private constructor(url: string, folder: string, process: ForeignServer) {
    this.url = url;
    this.#folder = folder;
    this.process = process;
  }

  static async start(
    servers: readonly { readonly name: string; readonly port: number }[],
  ): Promise<HaproxyServer> {
    const folder = makeBackendFolder('haproxy');
    const port = await freePorts(1);
    const path = join(folder, 'haproxy.cfg');
    writeFileSync(path, configuration(port, servers));
    const server = new ForeignServer({
      program: 'haproxy',
      args: ['-db', '-W', '-f', path],
      folder,
      answers: () =>
        fetch(`http://127.0.0.1:${port}/livez`).then(
          () => true,
          () => false,
        ),
    });
    await server.start();
    return new HaproxyServer(`http://127.0.0.1:${port}`, folder, server);
  }

  async stop(): Promise<void> {
    await this.process.end('SIGTERM');
    removeBackendFolder(this.#folder);
  }
}

/** A report is safe to send twice (one nonce is stored once), so HAProxy may try the next server by itself. */
function configuration(
  port: number,
  servers: readonly { readonly name: string; readonly port: number }[],
): string {
  const lines = servers.map(({ name, port: to }) => `  server ${name} 127.0.0.1:${to} check`);
  return `global
  maxconn 4096
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 10s
  timeout http-keep-alive 60s
  option redispatch 1
  option forwardfor
  retries 3
  retry-on conn-failure empty-response response-timeout 503
frontend fleet
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  balance roundrobin
  option httpchk GET /api/fleet/cluster/health
  http-check expect status 200
  default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
${lines.join('\n')}
`;
}
