/**
 * What of a server is the cluster: its secret, its registry and roster, and the level of security that follows. Opens
 * them; starting them is of node.ts.
 */
import type { KeyObject } from 'node:crypto';
import { AtlasError } from './base/errors.ts';
import type { Config, Secrets } from './config/config.ts';
import { type EngineOptions, openPasswordMarks, openRegistry, openRosterDisk } from './engines.ts';
import { hasRedisPassword, registryTerms } from './exposure.ts';
import { deriveClusterId, Keyring } from './protocol/keyring.ts';
import type { NodeRecordBody } from './protocol/node-record.ts';
import { type SecurityStatus, SINGLE_SERVER_STATUS, securityStatus } from './protocol/security-level.ts';
import type { Changes } from './services/changes.ts';
import { Cluster, type ClusterOptions } from './services/cluster/cluster.ts';
import type { ReportIntake } from './services/fleet/report-intake.ts';
import type { Audit } from './services/people/audit.ts';
import type { CheckedCluster } from './services/security/security-check.ts';
import type { SecretRest } from './services/trust/held-secrets.ts';
import { actsOf } from './services/trust/own-steps.ts';
import { PasswordWatch } from './services/trust/password-watch.ts';

type Given = { readonly config: Config; readonly secrets: Secrets };

export function statusOf(given: Given, keyring: Keyring | null): SecurityStatus {
  if (!given.config.cluster.enabled) return SINGLE_SERVER_STATUS;
  const keys = keyring && { clusterId: keyring.clusterId, keyId: keyring.signing.keyId };
  return securityStatus(keys, hasRedisPassword(given));
}

/** Null at level 1, and for a single server. */
export function openKeyring({ config, secrets }: Given): Keyring | null {
  const { clusterSecret } = secrets;
  if (clusterSecret === null || !config.cluster.enabled) return null;
  return new Keyring(config.cluster.clusterId ?? deriveClusterId(clusterSecret), [clusterSecret]);
}

export interface ClusterNeeds {
  readonly nodeId: string;
  readonly signingKey: KeyObject;
  readonly sealingKey: KeyObject;
  readonly keyring: Keyring | null;
  /** Where a rotated cluster_secret is written down. */
  readonly secretRest: SecretRest;
  readonly nextIncarnation: (above: number) => Promise<number>;
  readonly describe: () => NodeRecordBody;
  readonly intake: Pick<ReportIntake, 'reportsPerMinute'>;
  readonly changes: Pick<Changes, 'note'>;
  readonly audit: Pick<Audit, 'note'>;
}

export interface OpenedCluster extends CheckedCluster {
  readonly parts: Cluster;
}

/** Rejects with roster_invalid for a member that has lost its cluster_secret, and as openRegistry() does. */
export async function openCluster(engine: EngineOptions, needs: ClusterNeeds): Promise<OpenedCluster> {
  const { cluster } = engine.config;
  const { nodeId, signingKey, keyring, describe } = needs;
  const disk = await openRosterDisk(engine);
  if (keyring === null && (await disk.load()).steps.length > 0)
    throw new AtlasError(
      'roster_invalid',
      'this server belongs to a cluster, and cluster_secret is missing',
      {
        hint: 'put cluster_secret back into config.yaml; or, to leave the cluster, remove the folder roster in data_dir',
      },
    );
  const store = await openRegistry({ ...engine, nodeId });
  const parts = new Cluster({
    store,
    clock: engine.clock,
    log: engine.log,
    keyring,
    nodeId,
    signingKey,
    intervalMs: cluster.heartbeatIntervalSeconds * 1000,
    timeoutMs: cluster.nodeTimeoutSeconds * 1000,
    clockToleranceSeconds: cluster.clockToleranceSeconds,
    rosterStores: { shared: store.roster, disk },
    rosterTerms: await rosterTerms(engine, needs),
    describe,
    reportsPerMinute: () => needs.intake.reportsPerMinute(),
    nextIncarnation: needs.nextIncarnation,
    onChange: () => needs.changes.note('cluster'),
    onOwnStep: (step) => {
      for (const act of actsOf(step)) needs.audit.note(act);
    },
  });
  return {
    parts,
    keyring,
    describe,
    signingKey,
    clockToleranceSeconds: cluster.clockToleranceSeconds,
    terms: registryTerms(engine),
    copies: { disk, registry: store.roster },
  };
}

async function rosterTerms(
  engine: EngineOptions,
  { secretRest, sealingKey }: ClusterNeeds,
): Promise<ClusterOptions['rosterTerms']> {
  const { config, secrets, log } = engine;
  return {
    admission: config.cluster.admission,
    level: hasRedisPassword(engine) ? 3 : 2,
    pins: config.cluster.rosterPins,
    secretRest,
    passwords: new PasswordWatch({
      marks: await openPasswordMarks(engine),
      passwords: { redis: secrets.redisPassword, postgres: secrets.databasePassword },
      log,
    }),
    sealingKey,
  };
}
