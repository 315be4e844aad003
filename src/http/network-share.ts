/**
 * How many connections one network may hold before anybody on them is known, so that no stranger takes them all.
 * A connection that brought a right key, token or session no longer counts: five thousand Macs may stand behind one
 * address. Trusted proxies are not counted, for they are not who asks.
 */
import type { Socket } from 'node:net';
import { networkOf } from '../services/limits/network-of.ts';
import type { IsTrusted } from './caller-address.ts';

export class NetworkShare {
  readonly #max: number;
  readonly #isTrusted: IsTrusted;
  /** By network: the other ends of its connections that are not known yet. */
  readonly #strangers = new Map<string, Set<string>>();

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
    if (strangers.size >= this.#max) return false;
    this.#strangers.set(network, strangers.add(end));
    socket.once('close', () => this.#forget(network, end));
    return true;
  }

  /** Of the connection itself, or of the TLS on it. */
  known(socket: Socket): void {
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
