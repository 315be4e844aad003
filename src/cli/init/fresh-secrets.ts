/** The secrets of a server that stands alone, and the name and secret of the cluster that it may be the first of one day. */
import { randomBytes } from 'node:crypto';
import type { FreshValues } from '../../config/fresh-config.ts';
import { generateSecretText } from '../../protocol/keyring.ts';

export function freshSecrets() {
  return {
    'server.api_key': generateSecretText(),
    'server.encryption_key': generateSecretText(),
    'server.db_encryption_key': generateSecretText(),
    'cluster.enabled': false,
    'cluster.cluster_id': randomBytes(16).toString('hex'),
    'cluster.cluster_secret': generateSecretText(),
  } satisfies FreshValues;
}
