/** What mends a leak, as commands in their order: new passwords, a new cluster secret, an eviction. */
import type { DatabaseAccess, Exposure } from './exposure.ts';
import { databaseCommands, type RecoveryStep, redisCommands } from './password-commands.ts';

const NEW_TOKENS: RecoveryStep = {
  why: 'Every API token of this list, revoked and made anew: its hash may be that of another',
  command: 'atlas-fleet token list',
};
const KNOWN_USERS: RecoveryStep = {
  why: 'No user in this list whom you do not know, and a new password for each that you do',
  command: 'atlas-fleet user list',
};

/** What he put there outlives the password by which he came. */
export function databaseRecovery(database: DatabaseAccess): RecoveryStep[] {
  return database.engine === 'postgres' ? [...databaseCommands(database), NEW_TOKENS, KNOWN_USERS] : [];
}

export function rotation({ registry, authenticated }: Exposure, kept: readonly string[]): RecoveryStep[] {
  if (registry === null) return [];
  if (!authenticated)
    return [{ why: 'A cluster_secret for all servers, by hand', command: 'atlas-fleet secret generate' }];
  const keep = kept.map((nodeId) => `--keep ${nodeId}`).join(' ');
  return [
    {
      why: 'A new cluster secret that the holder of the old one cannot follow; all tickets are revoked, and whoever is not kept is evicted',
      command: `atlas-fleet cluster rotate-secret --compromised ${keep}`,
    },
  ];
}

/** Run on another server. While the secret admits, one command does both; otherwise the eviction need not wait for it. */
export function eviction(exposure: Exposure, others: readonly string[]): RecoveryStep[] {
  if (others.length === 0) return rotation(exposure, [exposure.nodeId]);
  const first = {
    why: 'On another server: its key never counts again',
    command: `atlas-fleet cluster evict ${exposure.nodeId}`,
  };
  return [...(exposure.admission === 'ticket' ? [first] : []), ...rotation(exposure, others)];
}

/** First of all: until then whoever is evicted can undo it, as an administrator of his own making. */
export function backendCommands({ registry, database }: Exposure): RecoveryStep[] {
  return [...databaseRecovery(database), ...(registry?.kind === 'redis' ? redisCommands(registry) : [])];
}
