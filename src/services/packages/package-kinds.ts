/** What each kind of package is, whatever is ordered: its name, and how it carries credentials. */
import type { CredentialMode, PackageKind } from '../../store/package-store.ts';

export const FILE_NAMES: Readonly<Record<PackageKind, string>> = {
  'cluster-node': 'FleetServerClusterNode.pkg',
  standalone: 'FleetServerStandalone.pkg',
  agent: 'FleetAgent.pkg',
};

/** Unless an order says otherwise. */
export const CREDENTIALS_OF: Readonly<Record<PackageKind, CredentialMode>> = {
  'cluster-node': 'embedded',
  standalone: 'none',
  agent: 'embedded',
};
