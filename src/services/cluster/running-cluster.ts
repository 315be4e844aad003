/** What runs only in cluster mode, for whoever shows it or acts on it. */
import type { RefusalLedger } from '../../membership/refusal-ledger.ts';
import type { MemberStore } from '../../store/member-store.ts';
import type { Trust } from '../trust/trust.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { MemberWatch } from './member-watch.ts';

export interface RunningCluster {
  readonly store: MemberStore;
  readonly watch: MemberWatch;
  readonly heartbeat: Heartbeat;
  readonly ledger: RefusalLedger;
  /** Null at security level 1. */
  readonly trust: Trust | null;
}
