/**
 * What a server consists of, running or not: the services, made of Config, Secrets and stores, and handed to the
 * routes. A new service is first a line here; when it starts and stops is for node.ts.
 */
import type { Address } from './address.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { type OpenedCluster, openKeyring, statusOf } from './cluster-parts.ts';
import type { Config, Secrets } from './config/config.ts';
import { required, type Stores } from './engines.ts';
import { exposureOf } from './exposure.ts';
import type { ServerParts } from './http/server.ts';
import { openPackages, type Packages, type Packing } from './package-parts.ts';
import type { NodeRecordBody } from './protocol/node-record.ts';
import { Changes } from './services/changes.ts';
import { ClusterView } from './services/cluster/cluster-view.ts';
import { FleetView } from './services/fleet/fleet-view.ts';
import { NonceSweep } from './services/fleet/nonce-sweep.ts';
import { ReportIntake } from './services/fleet/report-intake.ts';
import { Accounts } from './services/people/accounts.ts';
import { ApiTokens } from './services/people/api-tokens.ts';
import { Audit } from './services/people/audit.ts';
import { RefusedLogins } from './services/people/refused-logins.ts';
import { Sessions } from './services/people/sessions.ts';
import { SetupCodes } from './services/people/setup-code.ts';
import { Readiness } from './services/readiness.ts';
import { SecurityCheck } from './services/security/security-check.ts';
import { Joining, type JoiningParts } from './services/trust/joining.ts';
import { Tickets } from './services/trust/tickets.ts';
import { TrustDesk } from './services/trust/trust-desk.ts';

export interface PartsOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly version: string;
  readonly clock: Clock;
  readonly packing: Packing;
}

export type Services = ReturnType<typeof openServices>;

/** What needs no cluster. */
export function openServices(
  { config, secrets, clock }: PartsOptions,
  { nodeId, log, stores }: { readonly nodeId: string; readonly log: Log; readonly stores: Stores },
) {
  const changes = new Changes(clock);
  const intake = new ReportIntake({
    reports: stores.reports,
    clock,
    log,
    encryptionKey: required(secrets.encryptionKey, 'server.encryption_key'),
    acceptV1: config.server.acceptV1,
    nodeId,
  });
  intake.onStored(() => changes.note('machines'));
  const { attempts } = stores;
  const audit = new Audit({ audit: stores.audit, nodeId, clock, log });
  const refusedLogins = new RefusedLogins(audit, clock);
  const sessions = new Sessions({ accounts: stores.accounts, clock, log });
  const accounts = new Accounts({
    accounts: stores.accounts,
    attempts,
    sessions,
    clock,
    log,
    onRefused: (refused) => refusedLogins.note(refused),
  });
  return {
    nodeId,
    log,
    changes,
    intake,
    nonceSweep: new NonceSweep({ reports: stores.reports, clock, log }),
    audit,
    refusedLogins,
    sessions,
    accounts,
    tokens: new ApiTokens({ accounts: stores.accounts, clock, log }),
    setup: new SetupCodes({ accounts: stores.accounts, attempts, people: accounts, clock }),
    fleet: new FleetView({
      reports: stores.reports,
      clock,
      agentIntervalSeconds: config.agent.intervalSeconds,
    }),
    keyring: openKeyring({ config, secrets }),
  };
}

export interface Completing {
  /** Null without cluster mode. */
  readonly checked: OpenedCluster | null;
  readonly describe: () => NodeRecordBody;
  /** What a joiner needs of the configuration, to be sealed to it. */
  readonly joinValues: JoiningParts['joinValues'];
  readonly address: Address;
  readonly stores: Stores;
}

/** What every door of the server is made of. */
export function completeParts(
  { config, secrets, version, clock, packing }: PartsOptions,
  base: Services,
  { checked, describe, joinValues, address, stores }: Completing,
): Omit<ServerParts, 'door' | 'tls' | 'consoleFolder'> & { readonly packages: Packages } {
  const { keyring, ...services } = base;
  const cluster = checked?.parts ?? null;
  const status = () => statusOf({ config, secrets }, keyring);
  const security = new SecurityCheck({
    clock,
    log: base.log,
    nodeId: base.nodeId,
    status,
    exposure: exposureOf({ config, secrets }, base.nodeId),
    cluster: checked,
    onChange: () => base.changes.note('cluster'),
  });
  const readiness = new Readiness({
    reports: stores.reports,
    clock,
    log: base.log,
    isDegraded: () => cluster !== null && cluster.watch.outage !== null,
    isEvicted: () => cluster?.trust?.standing === 'evicted',
  });
  const onMisuse = () => base.changes.note('cluster');
  const trust = cluster?.trust ?? null;
  const joining = new Joining({ ...base, clock, trust, joinValues, onMisuse });
  const tickets = new Tickets({ cluster, clock, audit: base.audit, describe });
  const view = new ClusterView({
    clock,
    nodeId: base.nodeId,
    describe,
    reportsPerMinute: () => base.intake.reportsPerMinute(),
    security: status,
    securityFindings: () => [...security.findings, ...joining.findings],
    intervalSeconds: config.cluster.heartbeatIntervalSeconds,
    timeoutSeconds: config.cluster.nodeTimeoutSeconds,
    databaseOutage: () => readiness.outage,
    cluster,
  });
  const given = { config, secrets, version, clock, packing, describe, joinValues, address, stores };
  return {
    ...services,
    version,
    readiness,
    security,
    joining,
    tickets,
    packages: openPackages({ ...base, ...given, tickets, cluster, view }),
    trust: new TrustDesk({ nodeId: base.nodeId, cluster }),
    cluster: view,
    apiKey: required(secrets.apiKey, 'server.api_key'),
    clock,
    nowMs: () => clock.wallMs(),
    publicUrl: address.url,
    trustedProxies: config.server.trustedProxies,
  };
}
