/** What can be wrong with the roster's chain, and what it means for people. */
import { ROSTER_KEYS } from '../protocol/registry-key.ts';
import type { Admission } from '../protocol/roster-step.ts';
import type { Finding } from './finding.ts';
import { APART } from './twin-findings.ts';

export type RosterTrouble =
  /** The chain there is another cluster's, or nobody who holds our secret made it. */
  | { readonly kind: 'foreign' }
  /** The chain there lacks the step that this server's package or ticket promised. */
  | { readonly kind: 'unpinned'; readonly epoch: number }
  /** The backend lost steps, from this one on; they were written again. */
  | { readonly kind: 'short'; readonly from: number }
  /** Something lies in the chain that is no step of it. */
  | { readonly kind: 'refused'; readonly epoch: number; readonly reason: string }
  /** Steps come faster than they are followed; so many of those seen last are by this member. */
  | { readonly kind: 'flooded'; readonly by: string; readonly steps: number }
  | { readonly kind: 'forked'; readonly epoch: number; readonly won: 'ours' | 'theirs' }
  /** Two members took each other out in the same step: neither counts until the operator has chosen. */
  | { readonly kind: 'frozen'; readonly epoch: number; readonly ours: string; readonly theirs: string }
  /** Another chain than the one that counted here for long. */
  | { readonly kind: 'rewritten'; readonly epoch: number; readonly ours: string; readonly theirs: string };

export type OwnStanding = 'member' | 'evicted' | 'waiting';

/** What this node knows of its roster beside the roster itself. */
export interface RosterState {
  /** Null where nothing is wrong, and where there is no roster to be wrong. */
  readonly trouble: RosterTrouble | null;
  /** Our own disk does not take what is believed. */
  readonly isUnsaved: boolean;
  /** Somebody overwrites the chain as often as we put it back. */
  readonly isContested: boolean;
  /** The id of the secret that this node should sign with and has no copy of; null while it has. */
  readonly lacksSecret: string | null;
  /** Why its configuration still holds a retired secret; null when it does not. */
  readonly unwrittenSecret: string | null;
  /** Where the configuration names another admission than the roster, which counts; null where they agree. */
  readonly admission: { readonly wished: string; readonly counts: string } | null;
  /** By what newcomers come in; null while there is no roster. */
  readonly admits: Admission | null;
  /** A member has our name and another key. */
  readonly isNameTaken: boolean;
  readonly standing: OwnStanding;
  readonly self: string;
}

const WHO_WRITES = 'See who can write to the registry.';

export function rosterFindings(state: RosterState): Finding[] {
  const { trouble, isUnsaved, isContested, lacksSecret, unwrittenSecret, admission, standing, self } = state;
  return [
    ...(trouble === null ? [] : [ofTrouble(trouble)]),
    ...(isContested ? [CONTESTED] : []),
    ...(isUnsaved ? [unsaved(self)] : []),
    ...(lacksSecret === null || standing === 'evicted' ? [] : [lacking(self, lacksSecret)]),
    ...(unwrittenSecret === null ? [] : [unwritten(self, unwrittenSecret)]),
    ...(admission === null ? [] : [otherAdmission(self, admission)]),
    ...(standing === 'evicted' ? [evicted(self)] : []),
    ...(standing === 'waiting' ? [waiting(state)] : []),
  ];
}

const otherAdmission = (self: string, { wished, counts }: { wished: string; counts: string }): Finding => ({
  code: 'admission_differs',
  severity: 'warning',
  sentence: `The configuration of ${self} says admission: ${wished}, but the roster says ${counts}, and that counts: the key is read only when a cluster is founded.`,
  mend: `Change it for all servers with atlas-fleet cluster admission ${wished}, or write admission: ${counts} into config.yaml.`,
});

const lacking = (self: string, keyId: string): Finding => ({
  code: 'secret_lacking',
  severity: 'critical',
  sentence: `${self} does not have the cluster secret that counts (key ${keyId}), so the others do not believe it.`,
  mend: `Give it the cluster_secret of the other servers and restart it, or let it join anew: atlas-fleet cluster remove ${self} on another server, then a join ticket.`,
});

const unwritten = (self: string, reason: string): Finding => ({
  code: 'secret_unwritten',
  severity: 'warning',
  sentence: `The configuration of ${self} still holds a retired cluster_secret (${reason}). It works as long as its data folder is kept.`,
  mend: 'Make config.yaml writable for the server, or take cluster_secret out of the environment and put it into config.yaml.',
});

const CONTESTED: Finding = {
  code: 'roster_contested',
  severity: 'critical',
  sentence:
    'Somebody puts another past of the roster into the registry as often as this server puts back its own. Nobody is admitted or sent away meanwhile.',
  mend: WHO_WRITES,
};

const unsaved = (self: string): Finding => ({
  code: 'roster_unsaved',
  severity: 'warning',
  sentence: `${self} cannot write the roster to its own disk. It counts all the same until the next start.`,
  mend: 'Make room in its data folder, and see that the server may write there.',
});

function ofTrouble(trouble: RosterTrouble): Finding {
  switch (trouble.kind) {
    case 'foreign':
      return finding(
        'roster_foreign',
        'critical',
        'The registry holds the roster of another cluster, so this server has none and admits nobody.',
        `Give each cluster a registry of its own (redis_db, or state_path), and compare cluster_secret and cluster_id with the other servers. If that other cluster is gone, remove what it left: the keys ${ROSTER_KEYS}, or the folder roster.`,
      );
    case 'unpinned':
      return finding(
        'roster_unpinned',
        'critical',
        `The roster in the registry lacks step ${trouble.epoch}, which this server's package or ticket promised: it is an old copy, or somebody holds steps back.`,
        `${WHO_WRITES} Start one of the other servers: it puts back what is missing.`,
      );
    case 'short':
      return finding(
        'roster_short',
        'warning',
        `The registry lost the roster from step ${trouble.from} on, or shows an old copy; this server has put it back.`,
        `${WHO_WRITES} After a Redis that started empty this is expected, once.`,
      );
    case 'refused':
      return finding(
        'roster_step_refused',
        'warning',
        `Step ${trouble.epoch} of the roster in the registry is none: ${trouble.reason}. It changed nothing.`,
        WHO_WRITES,
      );
    case 'flooded':
      return finding(
        'roster_flooded',
        'critical',
        `${trouble.by} writes steps of the roster without end (${trouble.steps} of those that were read last). They are followed little by little, and nothing else is held up for it.`,
        `No server of ours does that: somebody has its key. Evict it: atlas-fleet cluster evict ${trouble.by}.`,
      );
    case 'forked':
      return finding(
        'roster_forked',
        'warning',
        `Two members wrote step ${trouble.epoch} of the roster at once; one of the two counts, the same on every server.`,
        'If somebody was admitted, removed or evicted just now, see that it is so, and do it again if not.',
      );
    case 'frozen':
      return finding(
        'roster_frozen',
        'critical',
        `Two members sent each other away in step ${trouble.epoch} of the roster. Neither counts, and nobody is admitted or sent away, until you say which of them is right.`,
        chooseMend(trouble),
      );
    case 'rewritten':
      return finding(
        'roster_rewritten',
        'critical',
        `Somebody with the key of a member wrote another past from step ${trouble.epoch} of the roster on. It changed nothing here.`,
        `A server that left, or was removed, may be in the wrong hands: ${WHO_WRITES.toLowerCase()} If your servers were apart for more than an hour, one of the two pasts is yours. ${chooseMend(trouble)}`,
      );
  }
}

function chooseMend({ ours, theirs }: { readonly ours: string; readonly theirs: string }): string {
  const [kept, other] = [ours, theirs].map((digest) => `atlas-fleet cluster choose ${digest.slice(0, 16)}`);
  return `See both with atlas-fleet cluster roster, stop the server that is not yours, and choose on each of the others: ${kept} (what this one holds), or ${other}.`;
}

const evicted = (self: string): Finding => ({
  code: 'self_evicted',
  severity: 'critical',
  sentence: `${self} was evicted from this cluster: no other server believes it.`,
  mend: `If that was a mistake: on another server run atlas-fleet cluster readmit ${self}, and atlas-fleet cluster ticket create. Then stop this one, remove identity.json from its data folder, and start it where its config.yaml is, with the ticket: atlas-fleet server --join - --node-id ${self}`,
});

/** Why nobody lets this server in, which decides what helps. Its log says the same. */
export function waiting({ self, admits, isNameTaken }: RosterState): Finding {
  if (isNameTaken)
    return notAdmitted(
      `${self} is not a member: a member of this name has another key. This server was installed anew, or its name is given twice.`,
      `If it was installed anew: stop it, run atlas-fleet cluster remove ${self} on another server, and ${admits === 'ticket' ? WITH_TICKET : 'start it again'}. Otherwise ${APART}.`,
    );
  if (admits === 'ticket')
    return notAdmitted(
      `${self} is not a member, and nobody admits it without a ticket.`,
      `Stop it, and ${WITH_TICKET}.`,
    );
  return notAdmitted(
    `${self} is not a member yet; a running member admits it within some seconds.`,
    'If none runs, start one.',
  );
}

const WITH_TICKET =
  'let it join with a ticket: atlas-fleet cluster ticket create on a member, and here atlas-fleet server --join -';

const notAdmitted = (sentence: string, mend: string) =>
  finding('self_not_admitted', 'warning', sentence, mend);

function finding(code: string, severity: Finding['severity'], sentence: string, mend: string): Finding {
  return { code, severity, sentence, mend };
}
