/**
 * Who may be admitted where the cluster secret is all that a newcomer needs: somebody who lives now and speaks to
 * this server (docs/protocol/roster.md, "What it decides"). A node record alone is no claim: for 300 s after a server was removed,
 * whoever can write to the registry could put its last one back. Nor is what was heard already of a member, or is older,
 * whatever our clock says by then.
 */
import type { Clock } from '../../base/clock.ts';
import type { Mark } from '../../protocol/freshness.ts';
import { parseHeartbeat } from '../../protocol/heartbeat.ts';
import { HEARTBEAT_MAX_AGE_SECONDS, MEMBERS_MAX } from '../../protocol/limits.ts';
import { parseNodeRecord } from '../../protocol/node-record.ts';
import type { Standing, VerifiedRecord } from '../../protocol/record.ts';
import { type Refusal, refuse } from '../../protocol/refusal.ts';
import type { RosterMember } from '../../protocol/roster-step.ts';

export interface ClaimJudgeParts {
  readonly clock: Clock;
  readonly clockToleranceSeconds: number;
  readonly nodeId: string;
  /** Our own, now. */
  readonly incarnation: () => number;
  readonly onClaim: (member: RosterMember) => void;
}

interface Claimant {
  readonly member: RosterMember;
  /** Of its node record. */
  readonly digest: string;
  /** Its highest heartbeat. */
  heartbeat: Mark | undefined;
}

interface Going {
  /** By our clock, Unix. */
  readonly seconds: number;
  readonly monotonicMs: number;
}

/** Claimants remembered. Arbitrary: as many as a cluster could take. */
const CLAIMANTS_MAX = MEMBERS_MAX;
/** Keys of members whose last word is remembered. Arbitrary: a full cluster, and three times as many that went. */
const LAST_WORDS_MAX = 4 * MEMBERS_MAX;

export class ClaimJudge {
  readonly #parts: ClaimJudgeParts;
  readonly #claimants = new Map<string, Claimant>();
  #members: ReadonlySet<string> = new Set();
  /** When somebody stopped to be a member. */
  readonly #gone = new Map<string, Going>();
  /** By identity key, members and who was one; the longest silent first. Lives as long as the process. */
  readonly #lastWords = new Map<string, Mark>();

  constructor(parts: ClaimJudgeParts) {
    this.#parts = parts;
  }

  /** Whose heartbeats these would be; undefined without a node record of it. */
  standing(nodeId: string): Standing | undefined {
    const claimant = this.#claimants.get(nodeId);
    return claimant && { kind: 'known', identityKey: claimant.member.identity_key };
  }

  /** What its next heartbeat must be above: its clock and ours may say that an old one is fresh. */
  heard(nodeId: string): Mark | undefined {
    const claimant = this.#claimants.get(nodeId);
    return claimant && (claimant.heartbeat ?? this.#lastWords.get(claimant.member.identity_key));
  }

  /** A heartbeat of a member, believed. */
  noteMember({ identityKey, mark }: VerifiedRecord): void {
    if (identityKey === null) return; // level 1: there is no roster to come back to
    this.#lastWords.delete(identityKey);
    if (this.#lastWords.size >= LAST_WORDS_MAX) forgetOldest(this.#lastWords);
    this.#lastWords.set(identityKey, mark);
  }

  /** A verified record of somebody who is no member. */
  take(record: VerifiedRecord): Refusal | undefined {
    return record.type === 'node' ? this.#remember(record) : this.#hear(record);
  }

  keepTo(members: Iterable<string>): void {
    const { clock } = this.#parts;
    const now = new Set(members);
    const going = { seconds: clock.wallMs() / 1000, monotonicMs: clock.monotonicMs() };
    for (const nodeId of this.#members) if (!now.has(nodeId)) this.#gone.set(nodeId, going);
    for (const nodeId of now) this.#claimants.delete(nodeId);
    for (const [nodeId, { monotonicMs }] of this.#gone)
      if (going.monotonicMs - monotonicMs > this.#captureLivesMs) this.#gone.delete(nodeId);
    this.#members = now;
  }

  #remember(record: VerifiedRecord): Refusal | undefined {
    const body = parseNodeRecord(record);
    if (body === undefined) return refuse('malformed', 'Not the body of a node record');
    const { nodeId } = record;
    const { identity_key, sealing_key } = body;
    const before = this.#claimants.get(nodeId);
    const heartbeat = before?.member.identity_key === identity_key ? before.heartbeat : undefined;
    this.#claimants.delete(nodeId);
    if (this.#claimants.size >= CLAIMANTS_MAX) forgetOldest(this.#claimants);
    const member = { node_id: nodeId, identity_key, sealing_key };
    this.#claimants.set(nodeId, { member, digest: record.mark.digest, heartbeat });
    return undefined;
  }

  #hear(record: VerifiedRecord): Refusal | undefined {
    const { nodeId, incarnation, onClaim } = this.#parts;
    const body = parseHeartbeat(record);
    if (body === undefined) return refuse('malformed', 'Not the body of a heartbeat');
    const claimant = this.#claimants.get(record.nodeId);
    if (claimant === undefined) return refuse('not_member', 'No node record vouches for this server');
    claimant.heartbeat = record.mark;
    const namesUs = body.seen[nodeId] === incarnation();
    const isWhole = body.state === 'up' && body.record === claimant.digest;
    if (namesUs && isWhole && this.#isSince(record)) onClaim(claimant.member);
    return undefined;
  }

  /** Signed after it went: what it said as a member names our run too, and may have been held back till now. */
  #isSince({ nodeId, mark }: VerifiedRecord): boolean {
    const { clock, clockToleranceSeconds } = this.#parts;
    const going = this.#gone.get(nodeId);
    if (going === undefined || clock.monotonicMs() - going.monotonicMs > this.#captureLivesMs) return true;
    return mark.timestamp > going.seconds + clockToleranceSeconds;
  }

  /** So long a heartbeat of before can pass for fresh. */
  get #captureLivesMs(): number {
    return (HEARTBEAT_MAX_AGE_SECONDS + 2 * this.#parts.clockToleranceSeconds) * 1000;
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
