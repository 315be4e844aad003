/** What people ask and order where trust is concerned: the roster and a rotation as they stand, and the acts on them. */
import { AtlasError } from '../../base/errors.ts';
import type { Roster } from '../../membership/roster.ts';
import { fingerprintOf } from '../../protocol/identity-key.ts';
import type { Admission, RosterLevel } from '../../protocol/roster-step.ts';
import { ownState } from '../cluster/own-state.ts';
import type { RunningCluster } from '../cluster/running-cluster.ts';
import { evictMember, readmitMember, removeMember, type StandingParts } from './member-standing.ts';
import { requireRoster, requireTrust } from './required-roster.ts';
import { describeRoster, type RosterView, type Sight } from './roster-view.ts';
import { describeRotation, type RotationView } from './rotation-view.ts';

/** A member that is to stay, as the operator saw it. */
export interface KeptMember {
  readonly node_id: string;
  readonly fingerprint: string;
}

export interface TrustDeskParts {
  readonly nodeId: string;
  /** Null without cluster mode. */
  readonly cluster: RunningCluster | null;
}

/** All of it rejects with roster_missing where there is no roster. */
export class TrustDesk {
  readonly #parts: TrustDeskParts;

  constructor(parts: TrustDeskParts) {
    this.#parts = parts;
  }

  roster(): RosterView {
    return describeRoster(this.#roster, this.#standing.trust.keeper, this.#sight);
  }

  rotation(): RotationView {
    return describeRotation(this.#roster, this.#standing.trust.rotation.witnesses(), this.#sight);
  }

  async remove(name: string): Promise<void> {
    await removeMember(name, this.#standing);
  }

  async evict(name: string): Promise<void> {
    await evictMember(name, this.#standing);
  }

  async readmit(name: string): Promise<void> {
    await readmitMember(name, this.#standing);
  }

  /** What a newcomer needs from now on. */
  async setAdmission(admission: Admission): Promise<void> {
    await this.#standing.trust.keeper.propose((roster) =>
      roster.admission === admission ? null : [{ op: 'admission', admission }],
    );
  }

  /** What the cluster's security must not fall below. */
  async setLevel(level: RosterLevel): Promise<void> {
    await this.#standing.trust.keeper.propose((roster) =>
      roster.level === level ? null : [{ op: 'level', level }],
    );
  }

  /** `digest`: the first letters of the past that is right. */
  async choose(digest: string): Promise<void> {
    await this.#standing.trust.keeper.choose(digest);
  }

  async rotate(): Promise<void> {
    await this.#standing.trust.rotation.begin();
  }

  /** Rejects with keep_list_wrong when a name or a fingerprint is not that of a member. */
  async rotateAfterCompromise(kept: readonly KeptMember[]): Promise<void> {
    const { members } = this.#roster;
    const keys = kept.map(({ node_id, fingerprint }) => {
      const key = members.get(node_id)?.identity_key ?? '';
      const isIt = key !== '' && fingerprintOf(key) === fingerprint;
      if (!isIt)
        throw new AtlasError('keep_list_wrong', `no member ${node_id} has the fingerprint ${fingerprint}`, {
          hint: 'see atlas-fleet cluster roster',
        });
      return [node_id, key] as const;
    });
    await this.#standing.trust.rotation.beginAfterCompromise(new Map(keys));
  }

  async abandonRotation(): Promise<void> {
    await this.#standing.trust.rotation.abandon();
  }

  get #standing(): StandingParts {
    const { cluster, nodeId } = this.#parts;
    return { nodeId, ...requireTrust(cluster) };
  }

  get #roster(): Roster {
    return requireRoster(this.#standing.trust);
  }

  get #sight(): Sight {
    const { nodeId, cluster } = this.#parts;
    return { self: { nodeId, state: ownState(cluster) }, others: this.#standing.watch.members() };
  }
}
