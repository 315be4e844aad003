/**
 * The roster of a running node, put together: the chain on its disk and in the backend, the first step where there is
 * none, and newcomers let in. What the roster says moves the member table and nothing else does.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Roster } from '../membership/roster.ts';
import type { HeartbeatBody } from '../protocol/heartbeat.ts';
import type { Keyring } from '../protocol/keyring.ts';
import { isProvedBy, rosterProof } from '../protocol/roster-proof.ts';
import type { Admission as AdmissionRule, RosterLevel, RosterMember } from '../protocol/roster-step.ts';
import type { RosterStore } from '../store/roster-store.ts';
import { Admission } from './admission.ts';
import { RosterKeeper } from './roster-keeper.ts';

export interface TrustParts {
  readonly shared: RosterStore;
  readonly disk: RosterStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly keyring: Keyring;
  readonly self: RosterMember;
  readonly signingKey: KeyObject;
  /** For a roster that this node founds. */
  readonly admission: AdmissionRule;
  readonly level: RosterLevel;
  readonly onChange: (roster: Roster) => void;
}

export class Trust {
  readonly #parts: TrustParts;
  readonly keeper: RosterKeeper;
  readonly #admission: Admission;

  constructor(parts: TrustParts) {
    const { shared, disk, clock, log, keyring, self, signingKey, onChange } = parts;
    this.#parts = parts;
    this.keeper = new RosterKeeper({
      shared,
      disk,
      clock,
      log,
      signingKey,
      nodeId: self.node_id,
      clusterId: keyring.clusterId,
      pin: null,
      isProved: (steps) => isProvedBy(keyring, steps),
      onChange,
    });
    this.#admission = new Admission({ keeper: this.keeper, nodeId: self.node_id, clock, log });
  }

  get roster(): Roster | null {
    return this.keeper.roster;
  }

  /** What the roster says of this node itself. A node with no roster yet waits for one. */
  get standing(): 'member' | 'evicted' | 'waiting' {
    const { node_id: nodeId, identity_key: key } = this.#parts.self;
    const { roster } = this;
    if (roster?.evicted.has(nodeId) || roster?.banned.has(key)) return 'evicted';
    return roster?.members.get(nodeId)?.identity_key === key ? 'member' : 'waiting';
  }

  /** For our heartbeats. */
  get held(): HeartbeatBody['roster'] {
    const { roster } = this.keeper;
    return roster === null ? undefined : { epoch: roster.epoch, hash: roster.digest };
  }

  /** Before the first write: what happened while this node was away. Rejects with roster_invalid alone. */
  async start(): Promise<void> {
    await this.keeper.load();
    await this.sync().catch(() => undefined); // the backend is away; the next look tries again
  }

  /** Rejects with member_store_unavailable. */
  async sync(): Promise<void> {
    await this.keeper.sync();
    if (this.keeper.roster === null && this.keeper.trouble === null) await this.#found();
  }

  claim(member: RosterMember): void {
    void this.#admission.claim(member);
  }

  async #found(): Promise<void> {
    const { keyring, self: member, admission, level, log } = this.#parts;
    const key = keyring.signing;
    const proof = rosterProof(key, member.identity_key);
    const founded = await this.keeper.found({
      op: 'found',
      member,
      admission,
      level,
      key_id: key.keyId,
      proof,
    });
    if (founded)
      log.info('cluster.roster.founded', 'Founded the roster of this cluster', {
        cluster_id: keyring.clusterId,
      });
  }
}
