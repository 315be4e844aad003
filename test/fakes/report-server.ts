/**
 * A real HTTP or HTTPS server on 127.0.0.1 in the place of a fleet server: keeps what it was sent and answers what
 * the test says.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface CannedAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** `cut`: closes the connection without an answer. `hang`: never answers. */
export type Answering = (
  received: Received,
) => CannedAnswer | 'cut' | 'hang' | Promise<CannedAnswer | 'cut' | 'hang'>;

export const OK: CannedAnswer = { status: 200, body: { status: 'ok', e2ee_verified: true, stored: true } };

export function problem(status: number, code: string, headers: Record<string, string> = {}): CannedAnswer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: { code, status },
  };
}

export class ReportServer {
  readonly received: Received[] = [];
  answering: Answering;
  /** Bytes of requests that came over connections, TLS taken off. */
  requestBytes = 0;
  connections = 0;
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(answering: Answering, tls: { key: string; cert: string } | undefined) {
    this.answering = answering;
    const handle = (request: IncomingMessage, response: ServerResponse) =>
      void this.#handle(request, response).catch(() => response.destroy()); // who asked went away
    this.#server = tls ? createTlsServer(tls, handle) : createServer(handle);
    this.#scheme = tls ? 'https' : 'http';
    this.#server.on('connection', () => {
      this.connections += 1;
    });
    this.#server.on(tls ? 'secureConnection' : 'connection', (socket) => {
      socket.on('data', (chunk: Buffer) => {
        this.requestBytes += chunk.byteLength;
      });
    });
  }

  static async listen(
    answering: Answering = () => OK,
    options: { tls?: { key: string; cert: string }; port?: number } = {},
  ): Promise<ReportServer> {
    const server = new ReportServer(answering, options.tls);
    await new Promise<void>((resolve) => server.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  get bodies(): string[] {
    return this.received.map(({ body }) => body.toString('utf8'));
  }

  /** As when the process dies: every connection ends at once. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url: path, headers } = request;
    const received = { method, path, headers, body: Buffer.concat(chunks) };
    this.received.push(received);
    const answer = await this.answering(received);
    if (answer === 'hang') return;
    if (answer === 'cut') return void request.socket.destroy();
    response.writeHead(answer.status, answer.headers);
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
  }
}
