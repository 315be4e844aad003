/** A cluster that can build packages, and the record of one, as the API answers them. */
import type { PackageBuild, PackageCheck, PackageReadiness } from '../../console/package-api.ts';

export function packageCheck(changes: Partial<PackageCheck> = {}): PackageCheck {
  return { code: 'cluster_mode', result: 'pass', sentence: 'Cluster mode is on.', mend: null, ...changes };
}

export function packageReadiness(changes: Partial<PackageReadiness> = {}): PackageReadiness {
  return {
    kind: 'cluster-node',
    ready: true,
    checks: [packageCheck()],
    contents: [
      { credentials: 'embedded', items: [] },
      {
        credentials: 'ticket',
        items: [{ name: 'join_ticket', why: 'Lets one server in.', secret: true, fingerprint: null }],
      },
    ],
    version: '0.1.0',
    node_version: '26.10.0',
    package_name: 'FleetServerClusterNode.pkg',
    architectures: [{ architecture: 'universal', lack: null, mend: null }],
    defaults: {
      port: 8768,
      redis_host: '127.0.0.1',
      redis_port: 6379,
      servers: [],
      pins: [],
      interval_seconds: 10,
    },
    signing_identity: null,
    ...changes,
  };
}

export function packageBuild(changes: Partial<PackageBuild> = {}): PackageBuild {
  return {
    build_id: 'b-1',
    kind: 'cluster-node',
    file_name: 'FleetServerClusterNode.pkg',
    architecture: 'universal',
    version: '0.1.0',
    credentials: 'embedded',
    contents: [],
    node_name: null,
    signed: false,
    note: '',
    built_by: 'admin',
    built_at: '2026-11-21T08:00:00Z',
    node_id: 'server-01',
    state: 'ready',
    size_bytes: 112_000_000,
    sha256: 'ab'.repeat(32),
    ticket: null,
    revoked_at: null,
    joined: [],
    ...changes,
  };
}
