/** What a cluster needs: three heartbeats before a death, a secret that admission rests on, and a backend. */
import { DISABLED_MEND, DISABLED_WARNING } from '../../protocol/security-level.ts';
import type { Problem } from '../problem.ts';
import type { KeyPath } from '../schema.ts';
import { judgeRedis } from './redis.ts';
import { notUsed } from './unused.ts';
import { error, isSound, type Whole, warning } from './whole.ts';

/** Heartbeats that may be lost before a server counts as offline. */
const INTERVALS_PER_TIMEOUT = 3;

export function* judgeCluster(whole: Whole): Generator<Problem> {
  yield* judgeTimes(whole);
  if (!whole.values['cluster.enabled'] || !isSound(whole, 'cluster.enabled')) return;
  yield* judgeSecret(whole);
  if (!isSound(whole, 'cluster.backend')) return;
  if (whole.values['cluster.backend'] === 'file') {
    yield* notUsed(whole, isRedisKey, 'backend: redis');
    return;
  }
  yield* notUsed(whole, (key) => key === 'cluster.state_path', 'backend: file');
  yield* judgeRedis(whole);
}

function* judgeTimes(whole: Whole): Generator<Problem> {
  const { values, given } = whole;
  const interval = values['cluster.heartbeat_interval'];
  const timeout = values['cluster.node_timeout'];
  const least = INTERVALS_PER_TIMEOUT * interval;
  if (!isSound(whole, 'cluster.heartbeat_interval', 'cluster.node_timeout') || timeout >= least) return;
  const key = given.has('cluster.node_timeout') ? 'cluster.node_timeout' : 'cluster.heartbeat_interval';
  const sentence = `cluster.node_timeout is ${timeout} s, less than three heartbeat intervals of ${interval} s`;
  const hint = `Write \`node_timeout: ${least}\` or more, so that one lost heartbeat declares nobody dead.`;
  yield error(whole, 'timeout_too_short', key, sentence, hint);
}

function* judgeSecret(whole: Whole): Generator<Problem> {
  const { values } = whole;
  if (values['cluster.cluster_secret'] !== null || !isSound(whole, 'cluster.cluster_secret')) return;
  if (values['cluster.admission'] === 'ticket') {
    const sentence = 'cluster.admission is ticket, and without a cluster_secret anybody can join without one';
    const hint = 'Add `cluster_secret`, the output of `atlas-fleet secret generate`.';
    yield error(whole, 'ticket_without_secret', 'cluster.admission', sentence, hint);
    return;
  }
  const hint = `${DISABLED_MEND} (\`atlas-fleet secret generate\` makes one).`;
  yield warning(whole, 'cluster_unauthenticated', 'cluster.enabled', DISABLED_WARNING, hint);
}

const isRedisKey = (key: KeyPath) => key.startsWith('cluster.redis_');
