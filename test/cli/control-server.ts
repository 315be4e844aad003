/** A control socket with answers of the test's own: what a command makes of a server in a state that is hard to bring about. */
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import { controlPath } from '../../src/config/control-path.ts';

/** By method and path, without the query: what is answered, or how. */
export type Answers = Readonly<Record<string, unknown>>;

export class ControlServer {
  readonly #http: Server;

  private constructor(http: Server) {
    this.#http = http;
  }

  /** It goes away, as one that is killed, at the first request for which there is no answer. */
  static async open(dataDir: string, answers: Answers): Promise<ControlServer> {
    const path = controlPath(dataDir);
    for (const folder of [dataDir, dirname(path)]) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o700);
    }
    const http = createServer((request, response) => {
      const answer = answers[`${request.method} ${request.url?.split('?')[0]}`];
      if (typeof answer === 'function') {
        answer(response);
        return;
      }
      if (answer !== undefined) {
        response.end(JSON.stringify(answer));
        return;
      }
      http.close();
      http.closeAllConnections();
    });
    http.listen(path);
    await once(http, 'listening');
    return new ControlServer(http);
  }

  async close(): Promise<void> {
    if (!this.#http.listening) return;
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, 'close');
  }
}
