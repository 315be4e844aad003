/** Where the data is kept: together for all members of a cluster, verified on the way, and the finest for the shortest time. */
import { durationText } from '../kind.ts';
import { certificateFault } from '../pem-file.ts';
import type { Problem } from '../problem.ts';
import { namedFile } from './named-file.ts';
import { isRedisHere } from './redis.ts';
import { error, isSound, type Whole } from './whole.ts';

export function* judgeStorage(whole: Whole): Generator<Problem> {
  yield* judgeAuthorities(whole);
  yield* judgeSharing(whole);
  yield* judgeRetention(whole);
}

function* judgeAuthorities(whole: Whole): Generator<Problem> {
  const key = 'database.ca_file';
  const address = whole.values['database.url'];
  if (whole.values[key] === null || !isSound(whole, 'database.url')) return;
  if (address.engine === 'postgres' && address.tls) {
    yield* namedFile(whole, key, certificateFault);
    return;
  }
  const why = address.engine === 'sqlite' ? 'the data is kept in SQLite' : 'database.url does without TLS';
  const mend = address.engine === 'sqlite' ? 'Name a postgres:// address' : 'Write `sslmode=verify-full`';
  const sentence = `${key} is given, and ${why}, so that nothing is verified`;
  yield error(whole, 'database_tls_off', key, sentence, `${mend}, or remove the line.`);
}

/** Servers on several machines that each kept a SQLite file of their own would each show a part of the fleet. */
function* judgeSharing(whole: Whole): Generator<Problem> {
  const { values } = whole;
  const keys = [
    'cluster.redis_host',
    'cluster.redis_sentinels',
    'cluster.enabled',
    'cluster.backend',
  ] as const;
  const onRedis = values['cluster.enabled'] && values['cluster.backend'] === 'redis';
  if (!onRedis || isRedisHere(values) || values['database.url'].engine !== 'sqlite') return;
  if (!isSound(whole, 'database.url', ...keys)) return;
  const sentence =
    'the cluster meets at a Redis on another machine, and SQLite can be shared on one machine only';
  const hint = 'Write `url: postgres://USER@HOST/DATABASE`, the same on every server of the cluster.';
  yield error(whole, 'sqlite_shared', 'database.url', sentence, hint);
}

/** Finer data is folded into coarser; what is gone already cannot be. */
const FINEST_FIRST = ['retention.raw', 'retention.minute', 'retention.hour'] as const;

function* judgeRetention(whole: Whole): Generator<Problem> {
  for (const [at, coarser] of FINEST_FIRST.entries()) {
    const finer = FINEST_FIRST[at - 1];
    if (finer === undefined || !isSound(whole, finer, coarser)) continue;
    const [short, long] = [whole.values[finer], whole.values[coarser]];
    if (short <= long) continue;
    const key = whole.given.has(coarser) ? coarser : finer;
    const sentence = `${finer} is ${durationText(short)}, longer than ${coarser}, which is ${durationText(long)}`;
    const hint = 'Keep single reports no longer than minutes, and minutes no longer than hours.';
    yield error(whole, 'retention_order', key, sentence, hint);
  }
}
