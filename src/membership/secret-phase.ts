/**
 * Which secrets count in which phase of a rotation (docs/protocol/rotation.md, "Phases"): one table, by which the next
 * step is proposed (rotation.ts) and by which the fold judges it (roster.ts).
 */
import type { Roster } from './roster.ts';

/** Key ids. */
export interface Keys {
  readonly signs: string;
  readonly accepts: readonly string[];
}

type Secrets = Pick<Roster, 'keyId' | 'pending'>;

export function keysOf({ keyId, pending }: Secrets): Keys {
  if (pending === null) return { signs: keyId, accepts: [keyId] };
  return { signs: pending.phase === 'active' ? pending.keyId : keyId, accepts: [keyId, pending.keyId] };
}

/** The secret that a retire_secret takes out of this phase; null while both may still stay. */
export function leavingKey({ keyId, pending }: Secrets): string | null {
  if (pending === null || pending.phase === 'prepared') return null;
  return pending.phase === 'active' ? keyId : pending.keyId;
}
