/**
 * What of the configuration decides who can do what with what leaks: for the security status, without a secret. A new
 * way to a backend is first a row here.
 */
import { isLoopback } from './config/address-kind.ts';
import type { Config, Secrets } from './config/config.ts';
import { redisHosts } from './config/redis-hosts.ts';
import type { Exposure, RegistryAccess } from './services/security/exposure.ts';
import type { RegistryTerms } from './services/security/registry-lines.ts';

type Given = { readonly config: Config; readonly secrets: Secrets };

/** All of it that stands still while a server runs; the roster says the rest. */
export function exposureOf(
  given: Given,
  nodeId: string,
): Omit<Exposure, 'members' | 'admission' | 'authenticated'> {
  const { config } = given;
  return {
    nodeId,
    registry: config.cluster.enabled ? registryAccess(given) : null,
    database: config.database,
    acceptV1: config.server.acceptV1,
    tls: config.server.tls !== 'off',
  };
}

export function hasRedisPassword({ config, secrets }: Given): boolean {
  return config.cluster.backend === 'redis' && secrets.redisPassword !== null;
}

export function registryTerms(given: Given): RegistryTerms {
  const hosts = redisHosts(given.config.cluster.redis);
  return { hasPassword: hasRedisPassword(given), isLocal: hosts.every(isLoopback) };
}

function registryAccess(given: Given): RegistryAccess {
  const { backend, statePath, redis } = given.config.cluster;
  if (backend === 'file') return { kind: 'folder', path: statePath };
  const { tls, username, port, sentinels } = redis;
  const host = sentinels.length > 0 ? null : redis.host;
  return { kind: 'redis', host, port, tls, username, ...registryTerms(given) };
}
