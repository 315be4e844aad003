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

/** Workers of vitest (its maxWorkers): each has a share of the ports to itself. */
const SHARES = 2;
const SHARE = Math.floor((BEYOND - LOWEST) / SHARES);
const OWN_LOWEST = LOWEST + (Number(process.env.VITEST_POOL_ID ?? 1) % SHARES) * SHARE;

/** Nobody may listen there yet, or just now, for whom it was found. */
const given = new Set<number>();

/** The first of `count` free ports in a row. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = randomInt(OWN_LOWEST, OWN_LOWEST + SHARE - count);
    const ports = Array.from({ length: count }, (_, i) => first + i);
    if (ports.some((port) => given.has(port)) || !(await areFree(ports))) continue;
    for (const port of ports) given.add(port);
    return first;
  }
  throw new Error(`no ${count} free ports in a row after ${TRIES} tries`);
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  const held: Server[] = [];
  try {
    for (const port of ports) {
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
