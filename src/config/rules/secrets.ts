/**
 * Every secret has a circle of those who hold it. The same secret in two circles gives the narrower one away: an
 * agent could join the cluster, or the host of Redis read the database. That is refused; within one circle it is
 * only said.
 */
import { encodeBase64 } from '../../base/bytes.ts';
import { Secret } from '../../base/secret.ts';
import type { Problem } from '../problem.ts';
import type { KeyPath } from '../schema.ts';
import { error, isSound, type Whole, warning } from './whole.ts';

interface Held {
  readonly key: KeyPath;
  /** Widest first: who gets hold of this secret beside the servers. */
  readonly circle: 'every agent' | 'Redis' | 'PostgreSQL' | 'the servers';
}

/** Widest circle first, so that the second of two that are the same is the one to change. */
const HELD: readonly Held[] = [
  { key: 'server.api_key', circle: 'every agent' },
  { key: 'agent.api_key', circle: 'every agent' },
  { key: 'server.encryption_key', circle: 'every agent' },
  { key: 'cluster.redis_password', circle: 'Redis' },
  { key: 'database.url', circle: 'PostgreSQL' },
  { key: 'server.db_encryption_key', circle: 'the servers' },
  { key: 'cluster.cluster_secret', circle: 'the servers' },
];

const MEND = 'Give each a secret of its own: the output of `atlas-fleet secret generate`.';

export function* judgeSecrets(whole: Whole): Generator<Problem> {
  for (const [at, { key, circle }] of HELD.entries()) {
    const text = textOf(whole, key);
    const twin = HELD.slice(0, at).find((other) => text !== null && textOf(whole, other.key) === text);
    if (twin === undefined || isOneKey(key, twin.key) || !isSound(whole, key, twin.key)) continue;
    const start = `${key} is the same as ${twin.key}`;
    if (circle === twin.circle) {
      yield warning(whole, 'secret_shared', key, `${start}; who learns one has both`, MEND);
    } else {
      yield error(whole, 'secret_reused', key, `${start}, which ${twin.circle} holds`, MEND);
    }
  }
}

/** What the agents show is what the servers ask for. */
const isOneKey = (key: KeyPath, twin: KeyPath) => key === 'agent.api_key' && twin === 'server.api_key';

/** As it would stand in the file: a key is bytes to us, and a password may be the base64 of the same. */
function textOf({ values }: Whole, key: KeyPath): string | null {
  if (key === 'database.url') {
    const address = values[key];
    return address.engine === 'postgres' ? (address.password?.revealText() ?? null) : null;
  }
  const value = values[key];
  if (!(value instanceof Secret)) return null;
  return BYTES.has(key) ? encodeBase64(value.reveal()) : value.revealText();
}

const BYTES: ReadonlySet<KeyPath> = new Set([
  'server.encryption_key',
  'server.db_encryption_key',
  'cluster.cluster_secret',
]);
