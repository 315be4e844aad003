/** What a joiner meets where a server's clock is ahead: under its own TLS key, each ticket ran out. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TicketServer } from '../../src/protocol/ticket.ts';
import { makeCertificate } from '../fakes/certificate.ts';

export const SAYS_EXPIRED = 'the ticket ran out at 2026-01-01T00:00:00.000Z';

const CHALLENGE = { nonce: Buffer.alloc(32, 1).toString('base64') };
const EXPIRED = { code: 'ticket_expired', title: 'Gone', status: 410, detail: SAYS_EXPIRED };

export class FastServer {
  /** As a ticket names it. */
  readonly server: TicketServer;
  readonly #https: Server;

  private constructor(https: Server, pin: string) {
    const { port } = https.address() as AddressInfo;
    this.server = { url: `https://127.0.0.1:${port}`, spki_sha256: pin.slice('sha256/'.length) };
    this.#https = https;
  }

  static async open(): Promise<FastServer> {
    const { key, cert, pin } = await makeCertificate();
    const https = createServer({ key, cert }, (request, response) => {
      const isChallenge = request.url?.endsWith('/challenge') ?? false;
      response.writeHead(isChallenge ? 200 : EXPIRED.status, { connection: 'close' });
      response.end(JSON.stringify(isChallenge ? CHALLENGE : EXPIRED));
    });
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    return new FastServer(https, pin);
  }

  async close(): Promise<void> {
    this.#https.close();
    await once(this.#https, 'close');
  }
}
