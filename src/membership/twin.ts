/**
 * Two servers on copies of one data folder: which of them goes on speaking (docs/protocol/records.md, "Own slots").
 *
 * Each finds the other's records in its own slots, ahead of its own, and answers as a newer incarnation. Found once, the
 * other may be dead: a machine resumed from a snapshot finds what it wrote itself. Found again, it wrote over our answer,
 * so it lives. Then the one that answered first speaks on, and the other falls silent.
 *
 * Why it ends with one voice: nobody yields before it has read that the other knows, and what one that knows says in
 * `since` stays as it is, so no two yield to each other; and of two that differ in `since` the higher yields as soon as
 * it reads the lower. For successors: never let a record that is not ahead of ours move anything here; what is ahead
 * was written after our answer was read, and that alone keeps captured records out.
 */
import type { Contested } from '../protocol/heartbeat.ts';
import type { ServerAddress } from '../protocol/node-record.ts';

/** Milliseconds after which a record found ahead is forgotten, unless its writer turned out to live. Arbitrary. */
export const CONTEST_REMEMBERED_MS = 10 * 60_000;

/** What this node says of it, and when it last found the other. */
export interface Contest {
  readonly said: Contested;
  /** Monotonic. */
  readonly foundAtMs: number;
}

/** A record under our own key, ahead of us: what it says, and where it or one before it was written. */
export interface FoundAhead {
  readonly said: Contested | undefined;
  readonly address: ServerAddress | null;
}

/** What to say from the incarnation on that is taken now; null: say nothing any more. */
export type Answer = ((incarnation: number) => Contested) | null;

export function answerTo(own: Contest | null, found: FoundAhead, nowMs: number): Answer {
  if (own === null || isForgotten(own, nowMs)) return (incarnation) => ({ since: incarnation });
  const { since } = own.said;
  const { said: other, address: twin } = found;
  // Neither can be told from the other: a machine that was copied while it answered.
  if (other?.since === since) return (incarnation) => ({ since: incarnation, twin });
  if (other?.twin !== undefined && other.since < since) return null;
  return () => ({ since, twin });
}

function isForgotten({ said, foundAtMs }: Contest, nowMs: number): boolean {
  return said.twin === undefined && nowMs - foundAtMs >= CONTEST_REMEMBERED_MS;
}
