/**
 * Membership, put together: voice (heartbeat) and eyes (member-watch) of one node on one registry, and the log
 * sentences that say how secure the whole is.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { MemberTable } from '../../membership/member-table.ts';
import { RefusalLedger } from '../../membership/refusal-ledger.ts';
import type { Roster } from '../../membership/roster.ts';
import { publicKeyText } from '../../protocol/identity-key.ts';
import type { Keyring } from '../../protocol/keyring.ts';
import type { NodeRecordBody } from '../../protocol/node-record.ts';
import { AUTHENTICATION, DISABLED_MEND, DISABLED_WARNING } from '../../protocol/security-level.ts';
import type { MemberStore } from '../../store/member-store.ts';
import type { RosterDisk, RosterStore } from '../../store/roster-store.ts';
import { Trust, type TrustParts } from '../trust/trust.ts';
import { Heartbeat } from './heartbeat.ts';
import { MemberWatch } from './member-watch.ts';
import type { RunningCluster } from './running-cluster.ts';

export interface ClusterOptions {
  readonly store: MemberStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Null: security level 1. */
  readonly keyring: Keyring | null;
  readonly nodeId: string;
  readonly signingKey: KeyObject;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly clockToleranceSeconds: number;
  readonly describe: () => NodeRecordBody;
  readonly reportsPerMinute: () => number;
  readonly nextIncarnation: (above: number) => Promise<number>;
  /** Where the roster rests; null at level 1, which has none. */
  readonly rosterStores: { readonly shared: RosterStore; readonly disk: RosterDisk } | null;
  readonly rosterTerms: Pick<
    TrustParts,
    'admission' | 'level' | 'passwords' | 'pins' | 'secretRest' | 'sealingKey'
  >;
  readonly onChange: () => void;
  readonly onOwnStep: TrustParts['onOwnStep'];
}

export class Cluster implements RunningCluster {
  readonly store: MemberStore;
  readonly ledger = new RefusalLedger();
  readonly heartbeat: Heartbeat;
  readonly #clock: Clock;
  readonly #nodeId: string;
  readonly watch: MemberWatch;
  /** Null at level 1. */
  readonly trust: Trust | null;

  constructor(options: ClusterOptions) {
    const { store, clock, log, keyring, nodeId, signingKey, intervalMs } = options;
    this.store = store;
    const table = new MemberTable({ intervalMs, timeoutMs: options.timeoutMs });
    this.trust = openTrust(options, {
      members: () => this.watch.members(),
      isSilent: () => this.heartbeat.isSilent,
      onChange: (roster) => this.#follow(roster, table),
    });
    const trust = this.trust;
    this.heartbeat = new Heartbeat({
      store,
      clock,
      log,
      keyring,
      signingKey,
      nodeId,
      intervalMs,
      describe: options.describe,
      load: () => ({ reports_per_minute: options.reportsPerMinute() }),
      roster: () => trust?.held,
      freshen: async () => trust?.freshen(),
      seen: () => table.incarnations(),
      nextIncarnation: options.nextIncarnation,
    });
    this.watch = new MemberWatch({
      store,
      table,
      ledger: this.ledger,
      heartbeat: this.heartbeat,
      keyring,
      clock,
      log,
      nodeId,
      identityKey: publicKeyText(signingKey),
      intervalMs,
      timeoutMs: options.timeoutMs,
      clockToleranceSeconds: options.clockToleranceSeconds,
      roster: () => trust?.roster ?? null,
      onClaim: (member) => trust?.claim(member),
      syncRoster: async () => trust?.sync(),
      afterLook: async () => trust?.afterLook(),
      onChange: options.onChange,
    });
    this.#clock = clock;
    this.#nodeId = nodeId;
    saySecurity(log, keyring);
  }

  async start(): Promise<void> {
    await this.trust?.start();
    await this.heartbeat.start();
    await this.watch.start();
  }

  /** The others by the roster, and what was refused before judged by it. */
  #follow({ members }: Roster, table: MemberTable): void {
    const others = [...members].filter(([nodeId]) => nodeId !== this.#nodeId);
    table.keepTo(
      new Map(others.map(([nodeId, member]) => [nodeId, member.identity_key])),
      this.#clock.monotonicMs(),
    );
    this.watch.judgeAnew();
    void this.heartbeat.speakNow(); // a rotation waits for what we say of it
  }

  /** The last word, signed, and then silence. */
  async stop(): Promise<void> {
    await this.watch.stop();
    await this.trust?.stop();
    await this.heartbeat.leave();
    await this.store.close();
  }
}

function openTrust(
  options: ClusterOptions,
  view: Pick<TrustParts, 'members' | 'isSilent' | 'onChange'>,
): Trust | null {
  const { keyring, rosterStores, rosterTerms, nodeId, describe } = options;
  if (keyring === null || rosterStores === null) return null;
  const { identity_key, sealing_key } = describe();
  const self = { node_id: nodeId, identity_key, sealing_key };
  return new Trust({ ...options, ...rosterStores, ...rosterTerms, ...view, keyring, self });
}

function saySecurity(log: Log, keyring: Keyring | null): void {
  if (keyring !== null) {
    log.info('cluster.security', `Cluster security: ${AUTHENTICATION}`, { key_id: keyring.signing.keyId });
    return;
  }
  log.warn('cluster.security.off', DISABLED_WARNING);
  log.warn('cluster.security.off', DISABLED_MEND);
}
