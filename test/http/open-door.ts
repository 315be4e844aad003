/**
 * The HTTP door alone, on a port of this process: no services behind it but what lets a token in and notes
 * changes, and the limits of a test that has no time. For what happens before any route is asked.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { App } from '../../src/http/app.ts';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../../src/http/connections.ts';
import { buildServer, type ServerParts } from '../../src/http/server.ts';
import { Changes } from '../../src/services/changes.ts';
import { makeCertificate } from '../fakes/certificate.ts';

/** Bytes of the one asset: more than sockets hold for a client that does not read. */
export const ASSET_BYTES = 4 * 1024 * 1024;

export interface OpenDoor {
  readonly app: App;
  readonly port: number;
  readonly changes: Changes;
  /** Sockets that the server holds. */
  connections(): Promise<number>;
}

export async function openDoor(
  limits: Partial<ConnectionLimits> = {},
  { overTls = false } = {},
): Promise<OpenDoor> {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-door-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'assets', 'big.js'), Buffer.alloc(ASSET_BYTES, 'a'));
  writeFileSync(join(folder, 'index.html'), '<p>the console</p>');
  const changes = new Changes({ ...systemClock, after: (_, call) => systemClock.after(0, call) });
  const certificate = overTls ? await makeCertificate() : null;
  const parts = {
    door: 'network',
    log: silentLog,
    version: '0.0.0',
    nodeId: 'server-01',
    publicUrl: 'https://fleet.example.com',
    trustedProxies: [],
    changes,
    /** Every token is good, and named as it is. */
    tokens: { authenticate: async (text: string) => ({ name: text, scopes: ['admin'] }) },
    tls: certificate && { cert: certificate.cert, key: certificate.key },
    consoleFolder: folder,
    limits: { ...CONNECTION_LIMITS, ...limits },
  };
  const app = await buildServer(parts as unknown as ServerParts);
  rmSync(folder, { recursive: true }); // what it serves it has read
  await app.listen({ host: '127.0.0.1', port: 0 });
  const connections = () =>
    new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count)));
  return { app, port: (app.server.address() as AddressInfo).port, changes, connections };
}
