/** Where the registry's Redis is: one server, or the master that Sentinels name at the moment. */
import type { Clock } from '../../base/clock.ts';
import { makeClient, type RedisAccess, type RedisServer } from './client.ts';
import { within } from './time-limit.ts';
import { codeOf, explain, RedisTrouble } from './trouble.ts';

export type RedisEndpoint =
  | ({ readonly kind: 'single' } & RedisServer)
  | { readonly kind: 'sentinel'; readonly sentinels: readonly RedisServer[]; readonly master: string };

/** Milliseconds for one Sentinel to say who is master. A stopped one costs as much, each time. Arbitrary. */
const SENTINEL_LIMIT_MS = 1000;

/** For people; holds no secret. */
export function addressOf(endpoint: RedisEndpoint, { db, tls }: RedisAccess): string {
  const scheme = tls === null ? 'redis' : 'rediss';
  if (endpoint.kind === 'single') return `${scheme}://${hostPort(endpoint)}/${db}`;
  const sentinels = endpoint.sentinels.map(hostPort).join(', ');
  return `${scheme}://${endpoint.master}/${db} (by Sentinels ${sentinels})`;
}

/** Whom to connect to now. Asks every time, because what was true before a connection broke may not be now. */
export async function locate(
  endpoint: RedisEndpoint,
  access: RedisAccess,
  clock: Clock,
): Promise<RedisServer> {
  if (endpoint.kind === 'single') return { host: endpoint.host, port: endpoint.port };
  const { sentinels, master } = endpoint;
  const answers = await Promise.allSettled(sentinels.map((sentinel) => ask(sentinel, master, access, clock)));
  const masters = answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value ?? []) : []));
  if (masters.length > 0) return mostNamed(masters);
  if (answers.some(({ status }) => status === 'fulfilled'))
    throw new RedisTrouble('its Sentinels know no master of that name', 'mend redis_sentinel_master');
  const [refusal] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  throw new RedisTrouble(
    `no Sentinel names a master: ${explain(refusal).reason}`,
    'see that the redis_sentinels run, are reachable, and take redis_password when they ask for one',
  );
}

/** One Sentinel that slept, or was cut off, still names the master of before: the most voices win. */
function mostNamed(masters: readonly RedisServer[]): RedisServer {
  const voices = (one: RedisServer) => masters.filter((other) => hostPort(other) === hostPort(one)).length;
  return masters.reduce((best, one) => (voices(one) > voices(best) ? one : best));
}

/** Sentinels mostly have no password: ours is shown only to one that asks for it. */
async function ask(sentinel: RedisServer, master: string, access: RedisAccess, clock: Clock) {
  const open = { ...access, db: 0, username: null, password: null };
  return within(clock, SENTINEL_LIMIT_MS, async () => {
    try {
      return await askOnce(sentinel, master, open, clock);
    } catch (error) {
      if (codeOf(error) !== 'NOAUTH' || access.password === null) throw error;
      return askOnce(sentinel, master, { ...access, db: 0 }, clock);
    }
  });
}

async function askOnce(
  sentinel: RedisServer,
  master: string,
  access: RedisAccess,
  clock: Clock,
): Promise<RedisServer | null> {
  const client = makeClient(sentinel, access, 'atlas-fleet').on('error', () => undefined);
  try {
    return await within(clock, SENTINEL_LIMIT_MS, async () => {
      await client.connect();
      return masterIn(await client.sendCommand<unknown>(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master]));
    });
  } finally {
    client.destroy();
  }
}

function masterIn(answer: unknown): RedisServer | null {
  if (!Array.isArray(answer)) return null;
  const [host, port] = answer.map(String);
  return host ? { host, port: Number(port) } : null;
}

function hostPort({ host, port }: RedisServer): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
