/** Where the registry's Redis is: one server, or the master that Sentinels name at the moment. */
import type { Clock } from '../../base/clock.ts';
import { hostPort } from '../../base/host-text.ts';
import { within } from '../../base/time-limit.ts';
import { SENTINEL_MAX_BYTES } from './bounds.ts';
import { connectGuarded, makeClient, type RedisAccess, type RedisServer } from './client.ts';
import { codeOf, explainStranger, RedisTrouble } from './trouble.ts';

export type RedisEndpoint =
  | ({ readonly kind: 'single' } & RedisServer)
  | { readonly kind: 'sentinel'; readonly sentinels: readonly RedisServer[]; readonly master: string };

/** Milliseconds for one Sentinel to say who is master. A stopped one costs as much, each time. Arbitrary. */
const SENTINEL_LIMIT_MS = 1000;

/** For people; holds no secret. */
export function addressOf(endpoint: RedisEndpoint, { db, tls }: RedisAccess): string {
  const scheme = tls === null ? 'redis' : 'rediss';
  if (endpoint.kind === 'single') return `${scheme}://${inWords(endpoint)}/${db}`;
  const sentinels = endpoint.sentinels.map(inWords).join(', ');
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
  const chosen = namedByMost(masters, sentinels.length);
  if (chosen !== undefined) return chosen;
  if (masters.length > 0) throw noMajority(masters.length, sentinels.length);
  if (answers.some(({ status }) => status === 'fulfilled'))
    throw new RedisTrouble('its Sentinels know no master of that name', 'mend redis_sentinel_master');
  const [refusal] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  const { reason, hint } = explainStranger(refusal, access);
  throw new RedisTrouble(
    `no Sentinel names a master: ${reason}`,
    refusal instanceof RedisTrouble ? hint : ASK_AROUND,
  );
}

const ASK_AROUND =
  'see that the redis_sentinels run, are reachable, and take redis_password when they ask for one';

/**
 * More than half of all that we were told of, whether they answer or not. A Sentinel that slept still names the
 * master of before; and one that lies would get the password of Redis sent to where it likes.
 */
function namedByMost(masters: readonly RedisServer[], sentinels: number): RedisServer | undefined {
  const voices = (one: RedisServer) => masters.filter((other) => inWords(other) === inWords(one)).length;
  return masters.find((one) => voices(one) > sentinels / 2);
}

function noMajority(answers: number, sentinels: number): RedisTrouble {
  return new RedisTrouble(
    `of ${sentinels} Sentinels ${answers} name a master, and not more than half the same`,
    'see that the redis_sentinels run, are reachable, and agree: SENTINEL GET-MASTER-ADDR-BY-NAME on each of them',
  );
}

/** Sentinels mostly have no password: ours is shown only to one that asks for it, and that TLS has proved. */
async function ask(sentinel: RedisServer, master: string, access: RedisAccess, clock: Clock) {
  const open = { ...access, db: 0, username: null, password: null };
  return within(clock, SENTINEL_LIMIT_MS, async () => {
    try {
      return await askOnce(sentinel, master, open, clock);
    } catch (error) {
      if (codeOf(error) !== 'NOAUTH' || access.password === null) throw error;
      if (access.tls === null) throw NOT_SHOWN;
      return askOnce(sentinel, master, { ...access, db: 0 }, clock);
    }
  });
}

const NOT_SHOWN = new RedisTrouble(
  'it asks for a password, and is not shown redis_password without TLS',
  'turn on TLS for Redis and the Sentinels (redis_tls), or let the Sentinels ask for no password',
);

async function askOnce(
  sentinel: RedisServer,
  master: string,
  access: RedisAccess,
  clock: Clock,
): Promise<RedisServer | null> {
  const guarded = makeClient(sentinel, access, { name: 'atlas-fleet', callBytes: SENTINEL_MAX_BYTES });
  const client = guarded.client.on('error', () => undefined);
  try {
    return await within(clock, SENTINEL_LIMIT_MS, async () => {
      await connectGuarded(guarded);
      return masterIn(await client.sendCommand<unknown>(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master]));
    });
  } finally {
    client.destroy();
  }
}

/** Null: it knows no master of that name. */
function masterIn(answer: unknown): RedisServer | null {
  if (answer === null) return null;
  const [host = '', port = ''] = Array.isArray(answer) ? answer.map(String) : [];
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (HOST.test(host) && number >= 1 && number <= PORT_MAX) return { host, port: number };
  throw new RedisTrouble(
    'a Sentinel names a master without an address',
    'see what SENTINEL MASTERS says on it',
  );
}

const PORT_MAX = 65_535;
/** A name in DNS or an address of either kind; whether there is such a one shows when it is looked up. */
const HOST = /^[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,254}$/;

function inWords({ host, port }: RedisServer): string {
  return hostPort(host, port);
}
