/**
 * One connection to one Redis server (or Sentinel) through node-redis: RESP3, bytes in and out, and a time limit on
 * its socket. It ends with its first error and never connects again by itself: connection.ts decides where to next.
 */
import { createClient, RESP_TYPES } from 'redis';
import type { Secret } from '../../base/secret.ts';

export interface RedisServer {
  readonly host: string;
  readonly port: number;
}

export interface RedisAccess {
  readonly db: number;
  /** Null: the server's `default` user. */
  readonly username: string | null;
  readonly password: Secret | null;
  /** `ca`: PEM, instead of the well-known authorities. `serverName`: what the certificate says, instead of the host. */
  readonly tls: null | { readonly ca: string | null; readonly serverName: string | null };
}

/** Milliseconds until a connection must stand. */
const CONNECT_TIMEOUT_MS = 2000;
/** Milliseconds without a byte either way, after which a connection ends. What asks seldom must PING meanwhile. */
const SOCKET_TIMEOUT_MS = 2000;

/** createClient makes a class of all commands anew, some 40 ms of everybody's time; duplicate() does not. */
const pattern = createClient({
  RESP: 3,
  disableOfflineQueue: true,
  disableClientInfo: true,
  maintNotifications: 'disabled',
  // node-redis' own limit ends no command that was sent, and costs a timer for each.
  commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
});

export type RedisClient = typeof pattern;

export function makeClient(server: RedisServer, access: RedisAccess, name: string): RedisClient {
  return pattern.duplicate({
    name,
    database: access.db,
    credentialsProvider: {
      type: 'async-credentials-provider',
      credentials: async () => credentialsOf(access),
    },
    socket: {
      ...server,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      reconnectStrategy: false,
      ...(access.tls && tlsOf(access.tls)),
    },
  });
}

function credentialsOf({ username, password }: RedisAccess) {
  return {
    ...(username !== null && { username }),
    ...(password !== null && { password: password.revealText() }),
  };
}

function tlsOf({ ca, serverName }: NonNullable<RedisAccess['tls']>) {
  return {
    tls: true as const,
    minVersion: 'TLSv1.2' as const,
    rejectUnauthorized: true,
    ...(ca !== null && { ca }),
    ...(serverName !== null && { servername: serverName }),
  };
}
