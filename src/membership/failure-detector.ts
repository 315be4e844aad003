/**
 * When is a member alive? One pure rule over what was seen and for how long it has not changed, on the
 * verifier's own monotonic clock. A row that is missing or spoilt is never a death: who deletes or overwrites
 * rows only withholds presence.
 */
import type { DeclaredState } from '../protocol/heartbeat.ts';

export type NodeState =
  | 'unconfirmed'
  | 'healthy'
  | 'late'
  | 'offline'
  | 'draining'
  | 'left'
  | 'rejected'
  | 'evicted';

export interface Pace {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface Evidence {
  /** What its last authentic heartbeat said of itself. */
  readonly declared: DeclaredState;
  /** That heartbeat names this verifier's own incarnation, so it is no recording. */
  readonly namesUs: boolean;
  /** It or one before it did, so that what it says was said after our start. */
  readonly everNamedUs: boolean;
  /** Since its sequence last advanced, less what is left out because we could not see. */
  readonly silentMs: number;
  /** The part of the whole silence in which we could see. */
  readonly silentInSightMs: number;
  /** Its row is gone from the registry, or holds what is not its own. */
  readonly missing: boolean;
  /** It advances, authentic, but outside the window. */
  readonly wrongClock: boolean;
}

/** Intervals of silence after which a member is late. */
const LATE_INTERVALS = 2;

export function stateOf(evidence: Evidence, pace: Pace): NodeState {
  if (evidence.wrongClock) return 'rejected';
  if (evidence.declared === 'left' && evidence.everNamedUs) return 'left';
  if (evidence.silentMs >= pace.timeoutMs) return evidence.missing ? 'unconfirmed' : 'offline';
  if (!evidence.namesUs) return 'unconfirmed';
  const heardAgoMs = Math.max(evidence.silentMs, evidence.silentInSightMs);
  if (heardAgoMs >= LATE_INTERVALS * pace.intervalMs) return 'late';
  return evidence.declared === 'draining' ? 'draining' : 'healthy';
}

/** Members that take reports now. */
export function isActive(state: NodeState): boolean {
  return state === 'healthy' || state === 'late';
}

/** Members that live: one that is shutting down still says its heartbeats. */
export function speaks(state: NodeState): boolean {
  return isActive(state) || state === 'draining';
}

/** Members of whom nothing is heard; one that left has said so. */
export function isGone(state: NodeState): boolean {
  return state === 'offline' || state === 'left' || state === 'unconfirmed';
}
