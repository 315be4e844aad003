/**
 * Stands between senders and one server, and writes down what crossed: the nonce of each report, and each answer
 * that the server gave to it. It answers nothing itself: when the server is gone, so is the sender's connection.
 */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Secret } from '../../src/base/secret.ts';
import { openReport } from '../../src/protocol/sealed-report.ts';

export interface Acknowledged {
  /** Hex. */
  readonly nonce: string;
  readonly machineId: string;
  readonly takenAtMs: number;
}

/** Told of each crossing in its moment. A request that is cut is tried and never answered. */
export interface LedgerWatch {
  tried(report: Acknowledged): void;
  /** `by`: the node_id of the server. */
  acknowledged(report: Acknowledged, by: string): void;
}

export class ReportLedger {
  /** By nonce; filled when a server's 200 has passed through here. */
  readonly acknowledged = new Map<string, Acknowledged>();
  /** Answers that were no acknowledgement, as `status code`. */
  readonly refusals: string[] = [];
  /** Requests whose server vanished before it had answered. */
  cut = 0;
  readonly #key: Secret;
  readonly #watch: LedgerWatch | undefined;
  readonly #doors: Server[] = [];

  /** `key`: the encryption_key, to know which report it was. */
  constructor(key: Secret, watch?: LedgerWatch) {
    this.#key = key;
    this.#watch = watch;
  }

  /** An address that leads to this server, now and after it came back. A number is a port of loopback. */
  async doorTo(server: number | string): Promise<string> {
    const url = typeof server === 'number' ? `http://127.0.0.1:${server}` : server;
    const door = createServer((request, response) => void this.#pass(request, response, url));
    this.#doors.push(door);
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const door of this.#doors) {
      const closed = new Promise((resolve) => door.close(resolve));
      door.closeAllConnections();
      await closed;
    }
  }

  async #pass(request: IncomingMessage, response: ServerResponse, server: string): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const report = this.#open(body);
      if (report) this.#watch?.tried(report);
      const answer = await forward(request, body, server);
      this.#note(report, answer);
      response.writeHead(answer.status, answer.headers).end(answer.text);
    } catch {
      this.cut += 1;
      response.destroy(); // the server is gone
    }
  }

  #open(body: Buffer): Acknowledged | undefined {
    const opening = openReport(body, this.#key);
    if (opening.kind !== 'opened') return undefined;
    const { report, nonce } = opening.opened;
    const takenAtMs = Math.round(report.metrics.timestamp * 1000);
    return { nonce: Buffer.from(nonce).toString('hex'), machineId: report.machine_id, takenAtMs };
  }

  #note(report: Acknowledged | undefined, { status, text }: Answer): void {
    const answer = parse(text);
    if (report === undefined || status !== 200 || answer.status !== 'ok' || answer.e2ee_verified !== true) {
      this.refusals.push(`${status} ${answer.code}`);
      return;
    }
    this.acknowledged.set(report.nonce, report);
    this.#watch?.acknowledged(report, String(answer.node_id));
  }
}

/** Empty for what is no JSON: a load balancer's own page. */
function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

function forward({ method, url, headers }: IncomingMessage, body: Buffer, server: string): Promise<Answer> {
  const { protocol, hostname, port } = new URL(server);
  const ask = protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // A connection of its own each time: one that the dead server held open would fail a report it never saw.
    const options = {
      host: hostname,
      port,
      method,
      path: url,
      headers: { ...headers, connection: 'close' },
      rejectUnauthorized: false, // its own certificate
    };
    const asking = ask({ ...options, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => {
        const { connection, ...passed } = answer.headers;
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: answer.statusCode ?? 0, headers: passed, text });
      });
    });
    asking.once('error', reject);
    asking.end(body);
  });
}
