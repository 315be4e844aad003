/**
 * The rotation of the cluster secret (docs/protocol/rotation.md, "Phases"): when the next step may be written. Pure, and
 * asked by every member alike, so that whoever is awake carries a rotation on.
 *
 * Invariant: nobody signs with a secret before all who may live accept it, and nobody stops accepting one before all
 * who may live sign with the other. The model of it is explored in test/model/.
 */
import { speaks } from './failure-detector.ts';
import type { Member } from './member-table.ts';
import type { PendingSecret, Roster } from './roster.ts';
import { keysOf } from './secret-phase.ts';

/** Another member, by its last heartbeat that named this node's own run; null and empty before there is one. */
export interface Witness {
  readonly nodeId: string;
  /** Neither offline nor left. Who is absent finds the chain before it speaks again. */
  readonly mayLive: boolean;
  readonly accepts: readonly string[];
  readonly signs: string | null;
  /** Of the roster that it holds. */
  readonly epoch: number | null;
}

export interface Progress {
  readonly phase: PendingSecret['phase'];
  readonly keyId: string;
  readonly nodes: readonly NodeProgress[];
}

export interface NodeProgress {
  readonly nodeId: string;
  /** The secret that comes in. */
  readonly accepts: boolean;
  /** With the secret that is to stay, in this phase. */
  readonly signs: boolean;
  /** The next step waits for it. */
  readonly isWaitedFor: boolean;
}

/** Since when (monotonic) nothing is known of these members, by id. */
export type Unheard = ReadonlyMap<string, number>;

/** Who is among the members no more is forgotten: under the same name another may come, and is waited for anew. */
export function stillUnheard(before: Unheard, members: readonly Member[], nowMs: number): Unheard {
  const unheard = members.filter(({ state, heartbeat }) => state === 'unconfirmed' && heartbeat === null);
  return new Map(unheard.map(({ nodeId }) => [nodeId, before.get(nodeId) ?? nowMs]));
}

/** Who speaks, or may: one that is shutting down still does, and one that was not heard yet has a timeout to. */
export function witnessesOf(
  members: readonly Member[],
  unheard: Unheard,
  { nowMs, timeoutMs }: { readonly nowMs: number; readonly timeoutMs: number },
): Witness[] {
  return members.map(({ nodeId, state, heartbeat, silentMs }) => {
    const quietMs = silentMs ?? nowMs - (unheard.get(nodeId) ?? nowMs);
    // Until it names this run of ours, what lies there may be a recording.
    const said = state === 'unconfirmed' ? null : heartbeat;
    return {
      nodeId,
      mayLive: speaks(state) || (state === 'unconfirmed' && quietMs < timeoutMs),
      accepts: said?.accepts ?? [],
      signs: said?.signs ?? null,
      epoch: said?.roster?.epoch ?? null,
    };
  });
}

/**
 * `others`: all other members. `heldForMs`: for how long this node has held the present phase. `windowMs`: the node
 * timeout. Who was silent for longer is absent, and all others have signed anew since the change.
 */
export function nextRotationStep(
  roster: Roster,
  others: readonly Witness[],
  { heldForMs, windowMs }: { readonly heldForMs: number; readonly windowMs: number },
): 'activate' | 'retire' | null {
  const progress = progressOf(roster, others);
  // A member that nobody told us of, admitted a moment ago, is waited for too.
  if (progress === null || progress.nodes.length < roster.members.size - 1) return null;
  if (progress.nodes.some(({ isWaitedFor }) => isWaitedFor)) return null;
  if (progress.phase === 'prepared') return 'activate';
  return heldForMs >= windowMs ? 'retire' : null;
}

/** For people, and for the next step. Null when no secret is being rotated in. */
export function progressOf(roster: Roster, others: readonly Witness[]): Progress | null {
  const { pending } = roster;
  if (pending === null) return null;
  const { signs: staying } = keysOf(roster);
  const nodes = others
    .filter(({ nodeId }) => roster.members.has(nodeId))
    .map((witness) => {
      const accepts = witness.accepts.includes(pending.keyId);
      // Who is behind may yet enter the phase that this one ended, and sign with the other secret there. Its epoch
      // alone does not say: behind a fork the same number is another phase.
      const signs = witness.signs === staying && (witness.epoch ?? -1) >= pending.epoch;
      const isReady = pending.phase === 'prepared' ? accepts : signs;
      return { nodeId: witness.nodeId, accepts, signs, isWaitedFor: witness.mayLive && !isReady };
    });
  return { phase: pending.phase, keyId: pending.keyId, nodes };
}
