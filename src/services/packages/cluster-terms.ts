/** What of the cluster goes into a package of a server that joins it, as it is at this moment. */
import type { Keyring } from '../../protocol/keyring.ts';
import type { RunningCluster } from '../cluster/running-cluster.ts';
import type { JoinTerms } from '../trust/joining.ts';

export interface ClusterStanding {
  readonly terms: JoinTerms;
  /** Changes with anything that would make such a package worthless. */
  readonly mark: string;
}

/** Null while a package could not be built: without a roster, and while the secret is another one tomorrow. */
export function clusterStanding(
  cluster: RunningCluster | null,
  keyring: Keyring | null,
): ClusterStanding | null {
  const roster = cluster?.trust?.roster ?? null;
  if (keyring === null || roster === null || roster.pending !== null) return null;
  const { keyId } = keyring.signing;
  const clusterSecret = keyring.secretOf(keyId);
  if (clusterSecret === undefined || keyId !== roster.keyId) return null;
  const { clusterId, admission, epoch, digest } = roster;
  return {
    terms: { clusterId, clusterSecret, admission, pin: { epoch, digest } },
    mark: `${keyId} ${admission}`,
  };
}
