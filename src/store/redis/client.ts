/**
 * One connection to one Redis server (or Sentinel) through node-redis: RESP3, bytes in and out, a time limit on its
 * socket, and a guard before its decoder. It ends with its first error and never connects again by itself:
 * connection.ts decides where to next.
 */
import { createClient, RESP_TYPES } from 'redis';
import type { Secret } from '../../base/secret.ts';
import { RespGuard } from './resp-guard.ts';
import { RedisTrouble } from './trouble.ts';

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

export interface GuardedClient {
  readonly client: RedisClient;
  readonly guard: RespGuard;
}

/** `callBytes`: see RespGuard. The caller listens for 'error' before it connects. */
export function makeClient(
  server: RedisServer,
  access: RedisAccess,
  { name, callBytes }: { readonly name: string; readonly callBytes: number },
): GuardedClient {
  const client = pattern.duplicate({
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
  const guard = new RespGuard(callBytes);
  putBefore(client, guard);
  return { client, guard };
}

/** Rejects when no byte came past the guard: then a node-redis of another make has another way to its decoder. */
export async function connectGuarded({ client, guard }: GuardedClient): Promise<void> {
  await client.connect();
  if (guard.hasSeenBytes) return;
  throw new RedisTrouble(
    'its answers cannot be checked',
    'this is a fault of Atlas Fleet: install the version of node-redis that its package-lock.json names',
  );
}

/**
 * node-redis makes its socket itself, plain or TLS, and lets nobody read along. But all bytes pass one emitter of
 * its own, which can be taken out and put back (its pool does so), and which exists before there is a socket. Its
 * socket is no such place: one of TLS is announced by no diagnostics channel, and comes to light when it is read.
 */
function putBefore(client: RedisClient, guard: RespGuard): void {
  const bytes = client._ejectSocket();
  const emit = bytes.emit.bind(bytes);
  let isRefused = false;
  bytes.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event !== 'data') return emit(event, ...values);
    if (isRefused) return false;
    try {
      guard.take(values[0] as Buffer);
    } catch (reason) {
      isRefused = true;
      return emit('error', reason);
    }
    return emit(event, ...values);
  };
  client._insertSocket(bytes);
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
