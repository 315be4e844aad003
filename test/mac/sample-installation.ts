/** Installations whose program is this checkout: what a package lays down, without the package. */
import { Secret } from '../../src/base/secret.ts';
import {
  agentConfig,
  type ConfigOfPackage,
  clusterNodeConfig,
  standaloneConfig,
  unfilledAgentConfig,
} from '../../src/config/package-config.ts';
import { type Installation, installation } from '../../src/installer/installation.ts';
import type { ExistingConfig } from '../../src/installer/package-mark.ts';
import { productOf } from '../../src/installer/product.ts';
import type { ProgramFile, ProgramKind } from '../../src/installer/program.ts';
import { API_KEY, CLUSTER_SECRET, DB_KEY, ENCRYPTION_KEY } from '../config/config-file.ts';
import { CHECKOUT } from './checkout.ts';

/** What nobody may read in what an installation says. */
export const SAMPLE_SECRETS = [API_KEY, CLUSTER_SECRET, DB_KEY, ENCRYPTION_KEY, 'of-redis', 'of-postgres'];

export interface SamplePlan {
  readonly existingConfig?: ExistingConfig;
  readonly version?: string;
  readonly nodeName?: string;
  readonly port?: number;
  /** Of a cluster node that holds no secret of its cluster. */
  readonly ticket?: string;
  /** PEM, of the authority of Redis. */
  readonly authority?: string;
  /** An agent of no fleet yet, as it is released. */
  readonly unfilled?: boolean;
}

export function sampleInstallation(kind: ProgramKind, plan: SamplePlan = {}): Installation {
  const { existingConfig = 'keep', version = '0.1.0' } = plan;
  const { text, files } = sampleConfig(kind, plan);
  return installation({
    kind,
    existingConfig,
    version,
    program: PROGRAM,
    config: text,
    files,
    contents: '[]\n',
  });
}

/** With what Node compiled of this checkout before: this is run many times. */
const MAIN = `
import { enableCompileCache } from 'node:module';
enableCompileCache('${CHECKOUT}/node_modules/.cache/atlas-fleet');
await import('${CHECKOUT}/src/cli/main.ts');
`;

/** The stand puts the local Node in place of the first. */
const PROGRAM: readonly ProgramFile[] = [
  { path: 'bin/node', mode: 0o755, content: [] },
  { path: 'app/main.js', mode: 0o644, content: [Buffer.from(MAIN)] },
];

function sampleConfig(
  kind: ProgramKind,
  { port = 8768, nodeName, ticket, authority, unfilled = false }: SamplePlan,
): ConfigOfPackage {
  if (kind === 'standalone') return standaloneConfig({ port, place: productOf(kind) });
  if (unfilled) return unfilledAgentConfig(productOf('agent'));
  if (kind === 'agent') {
    return agentConfig({
      servers: ['https://fleet.example.com:8768'],
      pins: [],
      apiKey: Secret.fromText(API_KEY),
      encryptionKey: new Secret(Buffer.from(ENCRYPTION_KEY, 'base64')),
      intervalSeconds: 10,
      place: productOf(kind),
    });
  }
  return clusterNodeConfig({
    shared: { values: SHARED, files: authority === undefined ? {} : { 'cluster.redis_ca_file': authority } },
    credentials: ticket === undefined ? 'embedded' : 'ticket',
    ticket: ticket === undefined ? null : Secret.fromText(ticket),
    nodeName: nodeName ?? null,
    port,
    redisHost: null,
    redisPort: null,
    place: productOf(kind),
  });
}

const SHARED = {
  'server.api_key': API_KEY,
  'server.encryption_key': ENCRYPTION_KEY,
  'server.db_encryption_key': DB_KEY,
  'database.url': 'postgres://atlas:of-postgres@db.example.com/fleet',
  'cluster.enabled': true,
  'cluster.backend': 'redis',
  'cluster.cluster_id': '00112233445566778899aabbccddeeff',
  'cluster.cluster_secret': CLUSTER_SECRET,
  'cluster.admission': 'secret',
  'cluster.roster_pins': [`0:${'ab'.repeat(32)}`],
  'cluster.redis_host': 'redis.example.com',
  'cluster.redis_tls': true,
  'cluster.redis_password': 'of-redis',
} as const;
