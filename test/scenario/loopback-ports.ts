/**
 * Ports of 127.0.0.1 that nobody has. They lie below the range that the kernel gives to outgoing connections
 * (32768 and up on Linux, 49152 on macOS): there, a client that knocks at a dead server's port may be given that
 * very port, and talks to itself.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

const LOWEST = 10_240;
const BEYOND = 30_000;
const TRIES = 200;

/** The first of `count` free ports in a row. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = randomInt(LOWEST, BEYOND);
    if (await areFree(first, count)) return first;
  }
  throw new Error(`no ${count} free ports in a row after ${TRIES} tries`);
}

async function areFree(first: number, count: number): Promise<boolean> {
  const held: Server[] = [];
  try {
    for (let port = first; port < first + count; port += 1) {
      const server = createServer().listen(port, '127.0.0.1');
      held.push(server);
      await once(server, 'listening');
    }
    return true;
  } catch {
    return false; // one of them is taken
  } finally {
    for (const server of held) server.close();
  }
}
