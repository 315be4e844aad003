/** One way to Redis and not two, and no setting of its security that stands there and does nothing. */
import { isLoopback } from '../address-kind.ts';
import { certificateFault } from '../pem-file.ts';
import type { Problem } from '../problem.ts';
import { redisHosts } from '../redis-hosts.ts';
import type { Values } from '../schema.ts';
import { namedFile } from './named-file.ts';
import { notUsed } from './unused.ts';
import { error, isSound, type Whole, warning } from './whole.ts';

export function* judgeRedis(whole: Whole): Generator<Problem> {
  yield* judgeAddress(whole);
  yield* judgeLogin(whole);
  yield* judgeTls(whole);
}

/** Whether every way to Redis ends on this machine, so that all members run here. */
export function isRedisHere(values: Values): boolean {
  const given = { host: values['cluster.redis_host'], sentinels: values['cluster.redis_sentinels'] };
  return redisHosts(given).every(isLoopback);
}

function* judgeAddress(whole: Whole): Generator<Problem> {
  const { values } = whole;
  const address = ['cluster.redis_host', 'cluster.redis_sentinels', 'cluster.redis_sentinel_master'] as const;
  if (!isSound(whole, ...address)) return;
  const hasHost = values['cluster.redis_host'] !== null;
  const hasSentinels = values['cluster.redis_sentinels'].length > 0;
  const hasMaster = values['cluster.redis_sentinel_master'] !== null;
  if (hasHost && (hasSentinels || hasMaster)) {
    const sentence = 'cluster.redis_host and the sentinels both say where Redis is';
    const hint = 'Keep redis_host, or redis_sentinels with redis_sentinel_master.';
    yield error(whole, 'redis_host_twice', 'cluster.redis_host', sentence, hint);
  } else if (hasSentinels && !hasMaster) {
    const sentence = 'cluster.redis_sentinels is given, and cluster.redis_sentinel_master is not';
    const hint = 'Add `redis_sentinel_master`, the name in the line `sentinel monitor` of the sentinels.';
    yield error(whole, 'sentinel_master_missing', 'cluster.redis_sentinels', sentence, hint);
  } else if (hasMaster && !hasSentinels) {
    const sentence = 'cluster.redis_sentinel_master is given, and cluster.redis_sentinels is not';
    const hint = 'Add `redis_sentinels: ["10.0.1.51:26379"]`, with each of your sentinels.';
    yield error(whole, 'sentinels_missing', 'cluster.redis_sentinel_master', sentence, hint);
  } else if (!hasHost && !hasSentinels) {
    const sentence = 'cluster.backend is redis, and nothing says where Redis is';
    const hint = 'Add `redis_host`, or `redis_sentinels` with `redis_sentinel_master`.';
    yield error(whole, 'redis_host_missing', 'cluster.backend', sentence, hint);
  } else if (hasSentinels) {
    yield* notUsed(whole, (key) => key === 'cluster.redis_port', 'redis_host');
  }
}

function* judgeLogin(whole: Whole): Generator<Problem> {
  const { values } = whole;
  if (!isSound(whole, 'cluster.redis_username', 'cluster.redis_password')) return;
  if (values['cluster.redis_username'] !== null && values['cluster.redis_password'] === null) {
    const sentence = 'cluster.redis_username is given, and cluster.redis_password is not';
    const hint = 'Add `redis_password`, or remove redis_username.';
    yield error(whole, 'redis_password_missing', 'cluster.redis_username', sentence, hint);
  }
  const keys = ['cluster.redis_tls', 'cluster.redis_host', 'cluster.redis_sentinels'] as const;
  const inClear = !values['cluster.redis_tls'] && !isRedisHere(values);
  if (values['cluster.redis_password'] !== null && inClear && isSound(whole, ...keys)) {
    const sentence = 'cluster.redis_password crosses the network in clear';
    const hint = 'Write `redis_tls: true` once Redis listens with TLS (tls-port).';
    yield warning(whole, 'redis_password_in_clear', 'cluster.redis_password', sentence, hint);
  }
}

function* judgeTls(whole: Whole): Generator<Problem> {
  if (!isSound(whole, 'cluster.redis_tls')) return;
  if (whole.values['cluster.redis_tls']) {
    yield* namedFile(whole, 'cluster.redis_ca_file', certificateFault);
    return;
  }
  for (const key of ['cluster.redis_ca_file', 'cluster.redis_server_name'] as const) {
    if (whole.values[key] === null) continue;
    const sentence = `${key} is given, and cluster.redis_tls is off, so that nothing is verified`;
    yield error(whole, 'redis_tls_off', key, sentence, 'Write `redis_tls: true`, or remove the line.');
  }
}
