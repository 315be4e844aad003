/** The address of a Redis as one word, for the command line; config.yaml has a key for each part. It takes no password. */
import { unbracketed } from '../base/host-text.ts';
import { isUrlHost } from './address-kind.ts';
import type { FreshValues } from './fresh-config.ts';
import { bad, good, type Reading } from './kind.ts';

export interface RedisUrl {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username: string | null;
  readonly tls: boolean;
}

export const REDIS_URL_FORM = 'redis[s]://[USER@]HOST[:PORT][/NUMBER]';

const FORM =
  /^redis(?<tls>s?):\/\/(?:(?<user>[^:@/\s]*)(?<password>:[^@]*)?@)?(?<host>\[[^\]@/]*\]|[^[\]:@/\s]+)(?::(?<port>\d{1,5}))?(?:\/(?<db>\d{0,5}))?$/u;
const DEFAULT_PORT = 6379;
const NUMBER_MAX = 65_535;

export function readRedisUrl(text: string): Reading<RedisUrl> {
  const parts = FORM.exec(text)?.groups;
  if (parts === undefined) return bad('bad_value');
  if (parts.password !== undefined) return bad('password_in_clear');
  const host = unbracketed(parts.host ?? '');
  const [port, db] = [Number(parts.port ?? DEFAULT_PORT), Number(parts.db ?? 0)];
  const isGood = isUrlHost(parts.host ?? '') && parts.user !== '';
  if (!isGood || port < 1 || port > NUMBER_MAX || db > NUMBER_MAX) return bad('bad_value');
  return good({ host, port, db, username: parts.user ?? null, tls: parts.tls === 's' });
}

/** As config.yaml has it. */
export function redisValues({ host, port, db, username, tls }: RedisUrl): FreshValues {
  return {
    'cluster.backend': 'redis',
    'cluster.redis_host': host,
    'cluster.redis_port': port,
    'cluster.redis_db': db,
    'cluster.redis_tls': tls,
    ...(username !== null && { 'cluster.redis_username': username }),
  };
}
