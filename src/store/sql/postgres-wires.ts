/**
 * All that one server has open to one PostgreSQL, whichever pool it is in. When a connection falls silent all are
 * dropped: they end at the same machine, and would otherwise each cost somebody the whole limit.
 */
import { Socket } from 'node:net';
import type { PoolClient } from 'pg';

export class PostgresWires {
  readonly #sockets = new Set<Socket>();
  /** Those that serve and were not dropped: their pool hears of that a moment later. */
  readonly #usable = new Set<PoolClient>();

  get isConnected(): boolean {
    return this.#usable.size > 0;
  }

  /** What a new connection goes over. */
  socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  add(client: PoolClient): void {
    this.#usable.add(client);
  }

  remove(client: PoolClient): void {
    this.#usable.delete(client);
  }

  isUsable(client: PoolClient): boolean {
    return this.#usable.has(client);
  }

  dropAll(): void {
    this.#usable.clear();
    for (const socket of this.#sockets) socket.destroy();
  }
}
