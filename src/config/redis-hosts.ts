/** Every host that the configuration names for Redis, or for the Sentinels that know where it is. */
import { splitHostAndPort } from './address-kind.ts';

export function redisHosts(given: {
  readonly host: string | null;
  readonly sentinels: readonly string[];
}): string[] {
  const sentinels = given.sentinels.map((one) => splitHostAndPort(one)?.host ?? one);
  return given.host === null ? sentinels : [given.host, ...sentinels];
}
