/** Asks a running server through its control socket, as fetch() would: for servers whose certificate nobody vouches for. */
import { request } from 'node:http';
import { controlPath } from '../../src/config/control-path.ts';

export function controlFetch(dataDir: string): (url: string, init: RequestInit) => Promise<Response> {
  return (url, { method = 'GET', headers, body, signal }) => {
    const { pathname, search } = new URL(url);
    const options = {
      socketPath: controlPath(dataDir),
      path: pathname + search,
      method,
      headers: Object.fromEntries(new Headers(headers)),
      ...(signal && { signal }),
    };
    return new Promise((resolve, reject) => {
      const asking = request(options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status }));
        });
      });
      asking.on('error', reject);
      asking.end(body);
    });
  };
}
