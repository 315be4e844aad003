/**
 * The process that sends: one load for each message, over kept connections, one request at a time on each. It writes
 * HTTP/1.1 by hand, because on a machine of two cores every microsecond of the sender is one that the server lacks.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Secret } from '../../src/base/secret.ts';
import type { Load, LoadResult } from './load.ts';
import { sealReports } from './sealed-reports.ts';

const HEAD_END = '\r\n\r\n';

async function send(load: Load): Promise<LoadResult> {
  const bodies = sealReports(load.stock, Date.now(), new Secret(Buffer.from(load.encryptionKey, 'base64')));
  const requests = bodies.map((body) => requestOf(load, body)).values();
  const times: number[] = [];
  const refused: Record<string, number> = {};
  const begun = performance.now();
  const untilMs = begun + load.seconds * 1000;
  const work = async () => {
    const socket = connect(load.port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    for (const request of requests) {
      const sentAt = performance.now();
      if (sentAt > untilMs) break;
      const status = await ask(socket, request);
      times.push(performance.now() - sentAt);
      if (status !== '200') refused[status] = (refused[status] ?? 0) + 1;
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: load.connections }, work));
  const seconds = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  return { perSecond: times.length / seconds, p99Ms: times[Math.floor(times.length * 0.99)] ?? 0, refused };
}

function requestOf({ port, path, apiKey }: Load, body: Uint8Array): Buffer {
  const lines = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    `x-api-key: ${apiKey}`,
    `content-length: ${body.byteLength}`,
  ];
  return Buffer.concat([Buffer.from(lines.join('\r\n') + HEAD_END), body]);
}

/** Resolves with the status once the whole answer is here. */
function ask(socket: Socket, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const take = (bytes: Buffer) => {
      answer += bytes.toString('latin1');
      const head = answer.indexOf(HEAD_END);
      const length = /\r\ncontent-length: (\d+)/i.exec(answer)?.[1];
      if (head === -1 || length === undefined || answer.length < head + HEAD_END.length + Number(length))
        return;
      socket.off('data', take).off('close', reject);
      resolve(answer.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
    };
    socket.on('data', take).once('close', reject);
    socket.write(request);
  });
}

process.on('message', (load: Load) => {
  send(load).then(
    (result) => process.send?.(result),
    () => process.exit(1),
  );
});
