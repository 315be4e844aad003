/** What each kind of package is, whatever is ordered: the program in it, its name, and how it carries credentials. */
import type { ProgramKind } from '../../installer/program.ts';
import type { CredentialMode, PackageKind } from '../../store/package-store.ts';

export const PROGRAM_OF: Readonly<Record<PackageKind, ProgramKind>> = {
  'cluster-node': 'server',
  standalone: 'standalone',
  agent: 'agent',
};

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
