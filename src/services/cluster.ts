/**
 * Membership, put together: voice (heartbeat) and eyes (member-watch) of one node on one registry, and the log
 * sentences that say how secure the whole is.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { MemberTable } from '../membership/member-table.ts';
import { RefusalLedger } from '../membership/refusal-ledger.ts';
import { publicKeyText } from '../protocol/identity-key.ts';
import type { Keyring } from '../protocol/keyring.ts';
import type { NodeRecordBody } from '../protocol/node-record.ts';
import { AUTHENTICATION, DISABLED_MEND, DISABLED_WARNING } from '../protocol/security-level.ts';
import type { MemberStore } from '../store/member-store.ts';
import type { ClusterParts } from './cluster-view.ts';
import { Heartbeat } from './heartbeat.ts';
import { MemberWatch } from './member-watch.ts';

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
  readonly nextIncarnation: () => Promise<number>;
  readonly onChange: () => void;
}

export class Cluster implements ClusterParts {
  readonly store: MemberStore;
  readonly ledger = new RefusalLedger();
  readonly heartbeat: Heartbeat;
  readonly watch: MemberWatch;

  constructor(options: ClusterOptions) {
    const { store, clock, log, keyring, nodeId, signingKey, intervalMs } = options;
    this.store = store;
    const table = new MemberTable({ intervalMs, timeoutMs: options.timeoutMs });
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
      clockToleranceSeconds: options.clockToleranceSeconds,
      onChange: options.onChange,
    });
    saySecurity(log, keyring);
  }

  async start(): Promise<void> {
    await this.heartbeat.start();
    await this.watch.start();
  }

  /** The last word, signed, and then silence. */
  async stop(): Promise<void> {
    this.watch.stop();
    await this.heartbeat.leave();
    await this.store.close();
  }
}

function saySecurity(log: Log, keyring: Keyring | null): void {
  if (keyring !== null) {
    log.info('cluster.security', `Cluster security: ${AUTHENTICATION}`, { key_id: keyring.signing.keyId });
    return;
  }
  log.warn('cluster.security.off', DISABLED_WARNING);
  log.warn('cluster.security.off', DISABLED_MEND);
}
