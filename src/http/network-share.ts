/**
 * How many connections one network may hold before anybody on them is known, so that no stranger takes them all.
 * One that brought a right token or session no longer counts. Nor does an agent's: five thousand Macs may stand behind
 * one address. But all agents share one key, so it takes a report that opened, and a connection that asks for anything
 * else counts whatever it reports. Trusted proxies are not counted, for they are not who asks.
 */
import type { Socket } from 'node:net';
import { AtlasError } from '../base/errors.ts';
import { networkOf } from '../services/limits/network-of.ts';
import type { IsTrusted } from './caller-address.ts';

const FULL_RETRY_SECONDS = 60;

export class NetworkShare {
  readonly #max: number;
  readonly #isTrusted: IsTrusted;
  /** By network: the other ends of its connections that are not known. */
  readonly #strangers = new Map<string, Set<string>>();
  /** Whoever pipelines may ask before or after his report was judged: what he asked for stays with the connection. */
  readonly #standings = new WeakMap<Socket, 'person' | 'visitor'>();

  constructor(max: number, isTrusted: IsTrusted) {
    this.#max = max;
    this.#isTrusted = isTrusted;
  }

  /** False: its network holds its share already. */
  take(socket: Socket): boolean {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || this.#isTrusted(remoteAddress)) return true;
    const network = networkOf(remoteAddress);
    const end = endOf(socket);
    const strangers = this.#strangers.get(network) ?? new Set();
    if (strangers.has(end)) return true;
    if (strangers.size >= this.#max) return false;
    this.#strangers.set(network, strangers.add(end));
    socket.once('close', () => this.#forget(network, end));
    return true;
  }

  /** Brought a right token or session. This and what follows: of the connection itself, or of the TLS on it. */
  person(socket: Socket): void {
    this.#standings.set(socket, 'person');
    this.#release(socket);
  }

  /** Brought a report that opened. */
  agent(socket: Socket): void {
    if (this.#standings.get(socket) !== 'visitor') this.#release(socket);
  }

  /** Asks for what is open to anybody. Throws rate_limited when it was an agent's and its place is taken. */
  visitor(socket: Socket): void {
    if (this.#standings.get(socket) === 'person') return;
    this.#standings.set(socket, 'visitor');
    if (socket.destroyed || this.take(socket)) return;
    const sentence = `One address may hold ${this.#max} connections on which nobody is known.`;
    const hint = 'A connection of an agent is for reports alone.';
    throw new AtlasError('rate_limited', sentence, { hint, retryAfterSeconds: FULL_RETRY_SECONDS });
  }

  #release(socket: Socket): void {
    if (socket.remoteAddress !== undefined) this.#forget(networkOf(socket.remoteAddress), endOf(socket));
  }

  #forget(network: string, end: string): void {
    const strangers = this.#strangers.get(network);
    if (strangers?.delete(end) && strangers.size === 0) this.#strangers.delete(network);
  }
}

function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
