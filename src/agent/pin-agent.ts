/**
 * Connections to a server that shows its own key instead of a certificate of a known authority: the SHA-256 of
 * its public key (SPKI) is pinned. The key is judged before the first byte of a request leaves; a wrong one, or
 * an expired certificate, ends the connection.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import type { ClientRequestArgs } from 'node:http';
import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { decodeBase64, equalBytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';

const PIN_BYTES = 32;
const PIN_PREFIX = 'sha256/';

type OnCreate = (error: Error | null, stream: Duplex) => void;

/** `sha256/BASE64`, the prefix may be missing. Undefined when it is not the SHA-256 of anything. */
export function parsePin(text: string): Uint8Array | undefined {
  const bytes = decodeBase64(text.startsWith(PIN_PREFIX) ? text.slice(PIN_PREFIX.length) : text);
  return bytes?.byteLength === PIN_BYTES ? bytes : undefined;
}

export class PinAgent extends Agent {
  readonly #pins: readonly Uint8Array[];
  readonly #connectTimeoutMs: number;
  readonly #clock: Clock;
  /** Those that nobody else knows yet. */
  readonly #connecting = new Set<TLSSocket>();

  /** `pins`: any one of them is enough; with none, no server is believed. */
  constructor(pins: readonly Uint8Array[], connectTimeoutMs: number, clock: Clock) {
    super({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0 });
    this.#pins = pins;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#clock = clock;
  }

  /**
   * Hands the socket over only after the key was judged, so nothing can be written before. `checkServerIdentity`
   * would be the obvious place, but it is never called for a chain that is not trusted.
   */
  override createConnection(options: ClientRequestArgs, onCreate?: OnCreate): undefined {
    const give = onCreate as (error: Error | null, stream?: Duplex) => void;
    const socket = connect({
      ...(options as object),
      rejectUnauthorized: false,
      session: undefined, // a resumed session shows no certificate
      minVersion: 'TLSv1.3',
    });
    this.#connecting.add(socket);
    socket.once('close', () => this.#connecting.delete(socket));
    const fail = (error: Error) => give(error);
    socket.setTimeout(this.#connectTimeoutMs, () =>
      socket.destroy(asError('ETIMEDOUT', 'connecting took too long')),
    );
    socket.once('error', fail).once('secureConnect', () => {
      socket.off('error', fail);
      this.#connecting.delete(socket);
      socket.setTimeout(0);
      const fault = this.#judge(socket.getPeerX509Certificate());
      if (fault === undefined) return give(null, socket);
      socket.on('error', () => {}).destroy();
      give(fault);
    });
    return undefined;
  }

  override destroy(): void {
    for (const socket of this.#connecting) socket.destroy();
    super.destroy();
  }

  #judge(certificate: X509Certificate | undefined): Error | undefined {
    const spki = certificate?.publicKey.export({ type: 'spki', format: 'der' });
    const hash = spki && createHash('sha256').update(spki).digest();
    if (certificate === undefined || hash === undefined || !this.#pins.some((pin) => equalBytes(pin, hash))) {
      return asError('EPIN', 'the server does not hold the pinned key');
    }
    const nowMs = this.#clock.wallMs();
    if (nowMs < Date.parse(certificate.validFrom) || nowMs > Date.parse(certificate.validTo)) {
      return asError('CERT_HAS_EXPIRED', 'the certificate is not valid at this time');
    }
    return undefined;
  }
}

function asError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
