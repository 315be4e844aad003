/** What can be wrong with the roster's chain, and what it means for people. */
import type { Finding } from './findings.ts';

export type RosterTrouble =
  /** The chain there is another cluster's, or nobody who holds our secret made it. */
  | { readonly kind: 'foreign' }
  /** The backend lost steps, from this one on; they were written again. */
  | { readonly kind: 'short'; readonly from: number }
  /** Something lies in the chain that is no step of it. */
  | { readonly kind: 'refused'; readonly epoch: number; readonly reason: string }
  | { readonly kind: 'forked'; readonly epoch: number; readonly won: 'ours' | 'theirs' }
  /** Two members took each other out in the same step: neither counts until the operator has chosen. */
  | { readonly kind: 'frozen'; readonly epoch: number; readonly ours: string; readonly theirs: string }
  /** Another chain than the one that was proved long ago. */
  | { readonly kind: 'rewritten'; readonly epoch: number };

const WHO_WRITES = 'See who can write to the registry.';

export function rosterFindings(
  trouble: RosterTrouble | null,
  standing: 'member' | 'evicted' | 'waiting',
  self: string,
): Finding[] {
  return [...ofTrouble(trouble), ...ofStanding(standing, self)];
}

function ofTrouble(trouble: RosterTrouble | null): Finding[] {
  if (trouble === null) return [];
  switch (trouble.kind) {
    case 'foreign':
      return [
        finding(
          'roster_foreign',
          'critical',
          'The registry holds the roster of another cluster, so this server has none and believes whoever it meets first under a name.',
          'Give each cluster a registry of its own (redis_db, or state_path). If that other cluster is gone, remove what it left: the keys fleet:cluster:roster:*, or the folder roster.',
        ),
      ];
    case 'short':
      return [
        finding(
          'roster_short',
          'warning',
          `The registry lost the roster from step ${trouble.from} on, or shows an old copy; this server has put it back.`,
          `${WHO_WRITES} After a Redis that started empty this is expected, once.`,
        ),
      ];
    case 'refused':
      return [
        finding(
          'roster_step_refused',
          'warning',
          `Step ${trouble.epoch} of the roster in the registry is none: ${trouble.reason}. It changed nothing.`,
          WHO_WRITES,
        ),
      ];
    case 'forked':
      return [
        finding(
          'roster_forked',
          'warning',
          `Two members wrote step ${trouble.epoch} of the roster at once; one of the two counts, the same on every server.`,
          'If somebody was admitted, removed or evicted just now, see that it is so, and do it again if not.',
        ),
      ];
    case 'frozen':
      return [
        finding(
          'roster_frozen',
          'critical',
          `Two members sent each other away in step ${trouble.epoch} of the roster. Nobody is admitted or sent away until you say which of them is right.`,
          `Stop the one that is not yours, then on each server: atlas-fleet cluster choose ${trouble.ours.slice(0, 8)} (or ${trouble.theirs.slice(0, 8)}).`,
        ),
      ];
    case 'rewritten':
      return [
        finding(
          'roster_rewritten',
          'critical',
          `Somebody with the key of a member wrote another past from step ${trouble.epoch} of the roster on. It changed nothing here.`,
          'A server that left, or was removed, may be in the wrong hands: evict it, and see who can write to the registry.',
        ),
      ];
  }
}

function ofStanding(standing: 'member' | 'evicted' | 'waiting', self: string): Finding[] {
  if (standing === 'evicted')
    return [
      finding(
        'self_evicted',
        'critical',
        `${self} was evicted from this cluster: no other server believes it.`,
        'If that was a mistake: remove identity.json in its data folder, and readmit it on another server.',
      ),
    ];
  if (standing === 'waiting')
    return [
      finding(
        'self_not_admitted',
        'warning',
        `${self} is not a member yet; a running member admits it within some seconds.`,
        'If none runs, start one. Where admission is by ticket, join with a ticket.',
      ),
    ];
  return [];
}

function finding(code: string, severity: Finding['severity'], sentence: string, mend: string): Finding {
  return { code, severity, sentence, mend };
}
