/**
 * What a Redis says of itself, asked with commands that change nothing and that our user need not have: CONFIG is
 * left out, because who may read it reads passwords. And whether it has a door without a lock, which no user may ask
 * and anybody may try.
 */
import { ErrorReply } from 'redis';
import { escapeControls } from '../../base/log.ts';
import { within } from '../../base/time-limit.ts';
import type { RedisFacts, Told } from '../registry-facts.ts';
import { KNOCK_MAX_BYTES } from './bounds.ts';
import { connectGuarded, makeClient, type RedisClient } from './client.ts';
import type { RedisConnectionOptions } from './connection.ts';
import { locate } from './endpoint.ts';
import { codeOf, quote, type RedisUser } from './trouble.ts';

/** Milliseconds for a door to open or not. Arbitrary. */
const KNOCK_LIMIT_MS = 2000;
/** Characters of a word of the server's own that are passed on. Arbitrary. */
const WORD_MAX_LENGTH = 64;
const CLOSED_DOORS: ReadonlySet<string> = new Set(['NOAUTH', 'NOPERM', 'WRONGPASS']);

const NOT_TOLD = { told: null, why: 'not_told' } as const;
const NOT_ALLOWED = { told: null, why: 'not_allowed' } as const;

/** One round trip. `as`: whose password must not come back in the server's words. */
export async function askFacts(
  client: RedisClient,
  as: RedisUser,
): Promise<Omit<RedisFacts, 'kind' | 'tls' | 'isOpen'>> {
  const word = (value: unknown) => wordOf(value, as);
  const [hello, user, persistence, memory] = await Promise.all([
    client.hello(),
    ask(client, 'ACL', 'WHOAMI'),
    ask(client, 'INFO', 'persistence'),
    ask(client, 'INFO', 'memory'),
  ]);
  const aof = field(persistence, 'aof_enabled');
  const saves = field(persistence, 'rdb_saves');
  return {
    user: map(user, word),
    version: word(hello.version),
    role: word(hello.role),
    appendOnly: map(aof, (text) => ({ told: text === '1' })),
    snapshots: map(saves, count),
    maxmemoryPolicy: map(field(memory, 'maxmemory_policy'), word),
  };
}

/**
 * Tried by a connection of its own that shows no name and no password: what anybody in this network may do, and what
 * no ACL LOG calls an attack. Where we have no password ourselves we know.
 */
export async function letsAnybodyIn(options: RedisConnectionOptions): Promise<Told<boolean>> {
  if (options.password === null) return { told: true };
  const nobody = { ...options, db: 0, username: null, password: null };
  try {
    await within(options.clock, KNOCK_LIMIT_MS, async () => {
      const server = await locate(options.endpoint, options, options.clock);
      const knocking = makeClient(server, nobody, { name: 'atlas-fleet', callBytes: KNOCK_MAX_BYTES });
      const client = knocking.client.on('error', () => undefined);
      try {
        await connectGuarded(knocking);
        await client.ping();
      } finally {
        client.destroy();
      }
    });
    return { told: true };
  } catch (error) {
    return CLOSED_DOORS.has(codeOf(error)) ? { told: false } : NOT_TOLD;
  }
}

async function ask(client: RedisClient, ...command: string[]): Promise<Told<string>> {
  try {
    return { told: String(await client.sendCommand<unknown>(command)) };
  } catch (error) {
    if (codeOf(error) === 'NOPERM') return NOT_ALLOWED;
    if (error instanceof ErrorReply) return NOT_TOLD;
    throw error;
  }
}

/** `name:value`, a line of INFO. */
function field(section: Told<string>, name: string): Told<string> {
  return map<string, string>(section, (text) => {
    const line = text.split('\r\n').find((one) => one.startsWith(`${name}:`));
    return line === undefined ? NOT_TOLD : { told: line.slice(name.length + 1) };
  });
}

function count(text: string): Told<number> {
  return /^\d{1,15}$/.test(text) ? { told: Number(text) } : NOT_TOLD;
}

function wordOf(value: unknown, as: RedisUser): Told<string> {
  const text = value === undefined || value === null ? '' : String(value);
  return text === '' ? NOT_TOLD : { told: escapeControls(quote(text, as).slice(0, WORD_MAX_LENGTH)) };
}

function map<A, B>(answer: Told<A>, take: (told: A) => Told<B>): Told<B> {
  return 'why' in answer ? answer : take(answer.told);
}
