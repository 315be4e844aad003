/** What people ask and order where trust is concerned: the roster and a rotation in words, and the acts on them. */
import { createHash } from 'node:crypto';
import { decodeBase64 } from '../../base/bytes.ts';
import { AtlasError } from '../../base/errors.ts';
import type { NodeState } from '../../membership/failure-detector.ts';
import type { Roster } from '../../membership/roster.ts';
import { admittersOf, newsOf, type StepNews } from '../../membership/roster-news.ts';
import { keysOf, type Progress, progressOf } from '../../membership/rotation.ts';
import type { Admission, RosterLevel } from '../../protocol/roster-step.ts';
import type { ClusterParts } from '../cluster/cluster-view.ts';
import { ownState } from '../cluster/own-state.ts';
import { evictMember, readmitMember, removeMember, type StandingParts } from './member-standing.ts';
import { requireRoster, requireTrust } from './required-roster.ts';

/** Steps told, the newest first. Arbitrary. */
const STEPS_TOLD = 100;

export interface RosterView {
  epoch: number;
  hash: string;
  level: number;
  admission: 'secret' | 'ticket';
  key_id: string;
  retired_key_ids: string[];
  members: {
    node_id: string;
    fingerprint: string;
    /** Who signed the step that let it in; null of the founder. */
    admitted_by: string | null;
    state: NodeState;
    this_node: boolean;
  }[];
  evicted: string[];
  /** Two pasts, of which a person must choose one; null otherwise. */
  frozen: { epoch: number; ours: string; theirs: string } | null;
  steps: StepNews[];
}

export interface RotationView {
  /** Null when no rotation is under way. */
  phase: 'prepared' | 'active' | 'abandoned' | null;
  key_id: string;
  next_key_id: string | null;
  begun_by: string | null;
  begun_at: string | null;
  nodes: {
    node_id: string;
    this_node: boolean;
    state: NodeState;
    accepts: boolean;
    signs: boolean;
    waited_for: boolean;
    heard_seconds_ago: number | null;
  }[];
  sentence: string;
}

/** A member that is to stay, as the operator saw it. */
export interface KeptMember {
  readonly node_id: string;
  readonly fingerprint: string;
}

export interface TrustDeskParts {
  readonly nodeId: string;
  /** Null without cluster mode. */
  readonly cluster: ClusterParts | null;
}

/** All of it rejects with roster_missing where there is no roster. */
export class TrustDesk {
  readonly #parts: TrustDeskParts;

  constructor(parts: TrustDeskParts) {
    this.#parts = parts;
  }

  roster(): RosterView {
    const { trust } = this.#standing;
    const roster = this.#roster;
    const { trouble, steps } = trust.keeper;
    const admitters = admittersOf(steps);
    return {
      epoch: roster.epoch,
      hash: roster.digest,
      level: roster.level,
      admission: roster.admission,
      key_id: roster.keyId,
      retired_key_ids: [...roster.retired],
      members: [...roster.members.values()]
        .map(({ node_id, identity_key }) => ({
          node_id,
          fingerprint: fingerprintOf(identity_key),
          admitted_by: admitters.get(node_id) ?? null,
          ...this.#seen(node_id),
        }))
        .sort((a, b) => (a.node_id < b.node_id ? -1 : 1)),
      evicted: [...roster.evicted].sort(),
      frozen:
        trouble?.kind === 'frozen' || trouble?.kind === 'rewritten'
          ? { epoch: trouble.epoch, ours: trouble.ours, theirs: trouble.theirs }
          : null,
      steps: steps.slice(-STEPS_TOLD).map(newsOf).reverse(),
    };
  }

  rotation(): RotationView {
    const { trust, nodeId } = this.#standing;
    const roster = this.#roster;
    const { pending } = roster;
    const progress = progressOf(roster, trust.rotation.witnesses());
    const self = { nodeId, accepts: true, signs: true, isWaitedFor: false };
    const nodes = [...(progress?.nodes ?? []), ...(progress ? [self] : [])]
      .map(({ nodeId: name, accepts, signs, isWaitedFor }) => ({
        node_id: name,
        ...this.#seen(name),
        accepts,
        signs: signs && pending?.phase !== 'prepared',
        waited_for: isWaitedFor,
        heard_seconds_ago: this.#heardSecondsAgo(name),
      }))
      .sort((a, b) => (a.node_id < b.node_id ? -1 : 1));
    return {
      phase: pending?.phase ?? null,
      key_id: keysOf(roster).signs,
      next_key_id: pending?.keyId ?? null,
      begun_by: pending?.by ?? null,
      begun_at: pending === null ? null : new Date(pending.since * 1000).toISOString(),
      nodes,
      sentence: sentenceOf(roster, progress),
    };
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

  #seen(name: string): { state: NodeState; this_node: boolean } {
    const { nodeId, cluster } = this.#parts;
    if (name === nodeId) return { state: ownState(cluster), this_node: true };
    return { state: this.#member(name)?.state ?? 'unconfirmed', this_node: false };
  }

  #heardSecondsAgo(name: string): number | null {
    const silentMs = this.#member(name)?.silentMs ?? null;
    return silentMs === null ? null : Math.round(silentMs / 1000);
  }

  #member(name: string) {
    return this.#standing.watch.members().find(({ nodeId }) => nodeId === name);
  }
}

/** What people compare: the first 16 hex digits of the SHA-256 of the raw identity key. */
export function fingerprintOf(identityKey: string): string {
  const raw = decodeBase64(identityKey) ?? new Uint8Array();
  return createHash('sha256').update(raw).digest('hex').slice(0, 16);
}

const DOING = {
  prepared: 'accept the new secret',
  active: 'sign with the new secret',
  abandoned: 'are back at the old secret',
} as const;

function sentenceOf({ keyId, members }: Roster, progress: Progress | null): string {
  if (progress === null) return `No rotation is under way; all sign with key ${keyId}.`;
  const { phase, nodes } = progress;
  const done = nodes.filter((node) => (phase === 'prepared' ? node.accepts : node.signs));
  const waited = nodes.filter(({ isWaitedFor }) => isWaitedFor).map(({ nodeId }) => nodeId);
  const absent = nodes
    .filter((node) => !node.isWaitedFor && !done.includes(node))
    .map(({ nodeId }) => nodeId);
  const count = `${done.length + 1} of ${members.size} ${DOING[phase]}`;
  const waiting = waited.length > 0 ? `; waiting for ${waited.join(', ')}` : '';
  const asleep = absent.length > 0 ? `; ${absent.join(', ')} absent, and will find it when back` : '';
  return `${count}${waiting}${asleep}.`;
}
