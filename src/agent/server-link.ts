/**
 * The way to one server: where it is, how it is recognised, and until when it is left in peace. TLS is always
 * verified, by the system's roots or by a pinned key; plain http goes to this machine only, unless told otherwise.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { AtlasError, systemCode } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { RawAnswer } from './answer.ts';
import { PinAgent, parsePin } from './pin-agent.ts';

const REPORT_PATH = '/api/fleet/report';
/** Until the request has left, and from then until the whole answer is here. */
export const CONNECT_TIMEOUT_MS = 5_000;
export const ANSWER_TIMEOUT_MS = 15_000;
/** Bytes. Arbitrary: an answer has about 100. */
const ANSWER_MAX_BYTES = 64 * 1024;
/** The wait after a first failure doubles up to the longest. */
const HOLD_MS = 1_000;
const HOLD_MAX_MS = 30_000;
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

export interface ServerLinkOptions {
  /** Base address, http or https. */
  readonly url: string;
  /** `sha256/BASE64` of the public keys that this server may show; none: the system's roots decide. */
  readonly pins: readonly string[];
  readonly apiKey: Secret;
  readonly clock: Clock;
  readonly random: () => number;
  readonly allowPlainHttp: boolean;
}

export class ServerLink {
  readonly url: string;
  readonly #target: URL;
  readonly #options: ServerLinkOptions;
  readonly #agent: HttpAgent;
  #failures = 0;
  #heldUntilMs = 0;

  /** Throws config_invalid for an address or pin that cannot be used. */
  constructor(options: ServerLinkOptions) {
    this.#options = options;
    this.#target = parseTarget(options.url, options.allowPlainHttp);
    this.url = options.url;
    this.#agent = makeAgent(this.#target, options);
  }

  /** Milliseconds until this server may be asked again; 0 is now. */
  heldForMs(): number {
    return Math.max(0, this.#heldUntilMs - this.#options.clock.monotonicMs());
  }

  /** Leaves the server in peace for as long as it asked, or for longer after each failure. */
  hold(retryAfterMs: number | undefined): void {
    this.#failures += 1;
    const { clock, random } = this.#options;
    const own = Math.min(HOLD_MAX_MS, HOLD_MS * 2 ** Math.min(this.#failures - 1, 10)) * (0.5 + random() / 2);
    // Never earlier than asked, not all agents at once, and not in a tight loop for "0".
    const ms = retryAfterMs === undefined ? own : Math.max(HOLD_MS, retryAfterMs * (1 + random() / 10));
    this.#heldUntilMs = clock.monotonicMs() + ms;
  }

  release(): void {
    this.#failures = 0;
    this.#heldUntilMs = 0;
  }

  /** Rejects with the code of a system error, ETIMEDOUT, EPIN, or ABORT_ERR. No redirect is followed. */
  async post(body: Uint8Array, signal: AbortSignal): Promise<RawAnswer> {
    const first = this.#send(body, signal);
    try {
      return await first.answer;
    } catch (error) {
      // The server closed an idle connection at the moment we used it. The nonce makes asking again safe.
      const closed = CLOSED.has(systemCode(error) ?? '');
      if (first.request.reusedSocket && closed) return this.#send(body, signal).answer;
      throw error;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(body: Uint8Array, signal: AbortSignal): { request: ClientRequest; answer: Promise<RawAnswer> } {
    const send = this.#target.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(this.#target, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        'content-type': 'application/json',
        'content-length': body.byteLength,
        'user-agent': 'atlas-fleet-agent',
        'x-api-key': this.#options.apiKey.revealText(),
      },
    });
    return { request, answer: this.#answerTo(request, body, signal) };
  }

  async #answerTo(request: ClientRequest, body: Uint8Array, signal: AbortSignal): Promise<RawAnswer> {
    const { clock } = this.#options;
    const ended = Promise.withResolvers<never>();
    // A request without a socket yet does not say that it was destroyed, so we do.
    const end = (error: Error) => {
      ended.reject(error);
      request.destroy(error);
    };
    const expire = () => end(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    const stop = () => end(Object.assign(new Error('stopped'), { code: 'ABORT_ERR' }));
    let timer = clock.after(CONNECT_TIMEOUT_MS, expire);
    const sent = () => {
      timer.cancel();
      timer = clock.after(ANSWER_TIMEOUT_MS, expire);
    };
    request.once('finish', sent);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const answer = new Promise<RawAnswer>((resolve, reject) => {
      request.on('error', reject);
      request.once('response', (response) => readAnswer(response).then(resolve, reject));
      request.end(body);
    });
    try {
      return await Promise.race([answer, ended.promise]);
    } finally {
      timer.cancel();
      request.off('finish', sent); // an early answer comes before it; a timer of then would hit another request
      signal.removeEventListener('abort', stop);
    }
  }
}

async function readAnswer(response: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_MAX_BYTES) throw Object.assign(new Error('answer too large'), { code: 'EMSGSIZE' });
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function parseTarget(url: string, allowPlainHttp: boolean): URL {
  const target = URL.parse(url);
  const known = target?.protocol === 'https:' || target?.protocol === 'http:';
  if (target === null || !known || target.username || target.password || target.search) {
    throw new AtlasError('config_invalid', 'a server of the agent is not an http or https address', {
      hint: 'write it as https://fleet.example.com:8768',
    });
  }
  if (target.protocol === 'http:' && !allowPlainHttp && !isLoopback(target.hostname)) {
    const message = 'a server of the agent has a plain http address on another machine';
    const hint = 'write https:// instead; the API key would cross the network in clear';
    throw new AtlasError('config_invalid', message, { hint });
  }
  target.pathname = `${target.pathname.replace(/\/+$/, '')}${REPORT_PATH}`;
  target.hash = '';
  return target;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
  );
}

function makeAgent({ protocol }: URL, { pins, clock }: ServerLinkOptions): HttpAgent {
  if (protocol === 'http:') return new HttpAgent({ keepAlive: true, maxSockets: 1 });
  if (pins.length === 0) {
    const ca = systemRoots();
    // Said although it is the default: NODE_TLS_REJECT_UNAUTHORIZED=0 must not switch it off.
    const secureContext = createSecureContext({ ca, minVersion: 'TLSv1.2' });
    return new HttpsAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: true, secureContext });
  }
  const parsed = pins.map((pin) => {
    const bytes = parsePin(pin);
    if (bytes !== undefined) return bytes;
    throw new AtlasError('config_invalid', 'a pin of the agent is not sha256/ and 32 bytes of base64');
  });
  return new PinAgent(parsed, CONNECT_TIMEOUT_MS, clock);
}

/** What this machine trusts, its administrator's own authorities too; Node's list only where there is none. */
function systemRoots(): string[] {
  const system = getCACertificates('system');
  return system.length > 0 ? system : getCACertificates('default');
}
