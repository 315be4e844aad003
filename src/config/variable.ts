/** The environment variables of the keys. */
import { isSecretPath, type KeyPath, rowOf } from './schema.ts';

/** Of every variable of ours, also of those that stand for no key. */
export const ENV_PREFIX = 'ATLAS_FLEET_';

/** `cluster.redis_host` is ATLAS_FLEET_CLUSTER__REDIS_HOST. */
export function variableOf(keyPath: KeyPath): string {
  return ENV_PREFIX + keyPath.toUpperCase().replace('.', '__');
}

/** Whether its variable also exists as …_FILE. */
export function hasFileVariable(keyPath: KeyPath): boolean {
  return isSecretPath(keyPath) || rowOf(keyPath).view === 'address';
}
