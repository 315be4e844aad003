/** fetch(), to servers that show a certificate of their own: what is asked here is not who they are. */
import { request } from 'node:https';

export function fetchOwnTls(url: string, init: RequestInit = {}): Promise<Response> {
  const { method = 'GET', headers, body, signal } = init;
  const options = {
    method,
    headers: Object.fromEntries(new Headers(headers)),
    rejectUnauthorized: false,
    agent: false,
    ...(signal && { signal }),
  } as const;
  return new Promise((resolve, reject) => {
    const asking = request(url, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      answer.on('end', () => {
        const { statusCode: status = 0, headersDistinct } = answer;
        const known = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers: known }));
      });
    });
    asking.on('error', reject);
    asking.end(body);
  });
}
