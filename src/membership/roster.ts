/**
 * Who belongs to the cluster: a pure fold over the chain of signed steps (docs/protocol/roster.md). The same steps
 * make the same roster everywhere and at any time, so nobody has to be asked, and nobody can be talked out of it.
 *
 * Invariants: only a member of the parent changes anything; a step never changes a member's keys; a ban is never
 * dropped; of a step that is wrong in one operation nothing counts.
 */
import { OPEN_TICKETS_MAX, TICKETS_KNOWN_MAX } from '../protocol/limits.ts';
import {
  type Admission,
  type Envelope,
  isStepSignedBy,
  type Operation,
  type RosterLevel,
  type RosterMember,
  type RosterStep,
} from '../protocol/roster-step.ts';
import { OBSTACLE_REASONS, whyNotMember } from './newcomer.ts';
import { type Draft, draftOf, forbid, Refused } from './roster-draft.ts';
import { leavingKey } from './secret-phase.ts';

export interface RosterTicket {
  /** Ed25519, base64: whoever holds the ticket signs with it. */
  readonly key: string;
  /** Unix seconds. */
  readonly expires: number;
  readonly state: 'open' | 'used' | 'revoked';
  /** Whose keys it admitted; those alone may ask again. */
  readonly usedBy: RosterMember | null;
}

/** A secret for one member, with the epoch of the step that it came in, to which it is bound. */
export interface SealedSecret extends Envelope {
  readonly epoch: number;
}

/** By node id. */
type SealedSecrets = ReadonlyMap<string, SealedSecret>;

/** A secret that is being rotated in: signed with while `active`, accepted in each phase (secret-phase.ts). */
export interface PendingSecret {
  readonly keyId: string;
  readonly phase: 'prepared' | 'active' | 'abandoned';
  readonly sealed: SealedSecrets;
  /** Of the step that began this phase. */
  readonly epoch: number;
  /** Who began the rotation, and when (Unix seconds, by its own clock). */
  readonly by: string;
  readonly since: number;
}

export interface Roster {
  readonly clusterId: string;
  readonly epoch: number;
  /** Of the last step, hex: what the next one names as its parent. */
  readonly digest: string;
  readonly level: RosterLevel;
  readonly admission: Admission;
  readonly members: ReadonlyMap<string, RosterMember>;
  /** Ed25519 keys, base64, that never speak again. */
  readonly banned: ReadonlySet<string>;
  /** Ids whose holder was evicted: nobody comes back under one before it is readmitted. */
  readonly evicted: ReadonlySet<string>;
  readonly tickets: ReadonlyMap<string, RosterTicket>;
  /** The id of the cluster secret that counts, and of those that never count again. */
  readonly keyId: string;
  /** That secret, for who slept when it came; empty for the founders' own. */
  readonly sealed: SealedSecrets;
  readonly retired: ReadonlySet<string>;
  readonly pending: PendingSecret | null;
}

export type StepFault =
  | 'wrong_cluster'
  | 'wrong_parent'
  | 'not_member'
  | 'bad_node_signature'
  | 'not_allowed';

export type Advance =
  | { readonly ok: true; readonly roster: Roster }
  | { readonly ok: false; readonly fault: StepFault; readonly reason: string };

/** The roster that a first step makes. Whether its proof is good is for who holds the secret to say. */
export function foundRoster(step: RosterStep): Advance {
  return attempt(() => {
    const [founding, ...others] = step.operations;
    if (step.epoch !== 0 || founding?.op !== 'found' || others.length > 0)
      throw new Refused('wrong_parent', 'Not the first step of a roster');
    const { member, admission, level, key_id: keyId } = founding;
    requireSignature(step, member);
    return {
      clusterId: step.clusterId,
      epoch: 0,
      digest: step.digest,
      level,
      admission,
      members: new Map([[member.node_id, member]]),
      banned: new Set(),
      evicted: new Set(),
      tickets: new Map(),
      keyId,
      sealed: new Map(),
      retired: new Set(),
      pending: null,
    };
  });
}

/** The roster after one more step, or why that step does not count. */
export function advance(roster: Roster, step: RosterStep): Advance {
  return attempt(() => {
    if (step.clusterId !== roster.clusterId) throw new Refused('wrong_cluster', 'Of another cluster');
    if (step.epoch !== roster.epoch + 1 || step.parent !== roster.digest)
      throw new Refused('wrong_parent', 'Does not follow the last step');
    const signer = roster.members.get(step.signer);
    if (signer === undefined) throw new Refused('not_member', `${step.signer} is no member`);
    requireSignature(step, signer);
    const draft = draftOf(roster);
    for (const operation of step.operations) (RULES[operation.op] as Rule<Operation>)(draft, operation, step);
    requireWhole(roster, draft, step);
    return { ...draft, epoch: step.epoch, digest: step.digest };
  });
}

function attempt(make: () => Roster): Advance {
  try {
    return { ok: true, roster: make() };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, fault: error.fault, reason: error.message };
  }
}

function requireSignature(step: RosterStep, signer: RosterMember): void {
  if (step.signer !== signer.node_id || !isStepSignedBy(step, signer.identity_key))
    throw new Refused('bad_node_signature', `Not signed by the key of ${step.signer}`);
}

/** The operation of this name. */
type Of<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

type Rule<Each extends Operation> = (draft: Draft, operation: Each, step: RosterStep) => void;

/** What each does to the draft; what it may not do, it forbids. */
const RULES: { readonly [Name in Operation['op']]: Rule<Of<Name>> } = {
  found: () => forbid('A roster is founded once'),
  admit,
  leave: (draft, _, { signer }) => takeOut(draft, signer),
  remove(draft, { node_id: nodeId }, { signer }) {
    if (nodeId === signer) forbid('Who goes by itself leaves');
    takeOut(draft, nodeId);
  },
  evict,
  readmit({ evicted }, { node_id: nodeId }) {
    if (!evicted.delete(nodeId)) forbid(`${nodeId} was not evicted`);
  },
  ticket: invite,
  revoke_ticket: ({ tickets }, { id }) => tickets.set(id, { ...openTicket(tickets, id), state: 'revoked' }),
  admission(draft, operation) {
    draft.admission = operation.admission;
  },
  level(draft, operation) {
    draft.level = operation.level;
  },
  prepare_secret: prepare,
  activate_secret: ({ pending }, { key_id: keyId }, { epoch }) =>
    enter(pending, keyId, ['prepared'], { phase: 'active', epoch }),
  abandon_secret: ({ pending }, { key_id: keyId }, { epoch }) =>
    enter(pending, keyId, ['prepared', 'active'], { phase: 'abandoned', epoch }),
  retire_secret: retire,
  note: () => undefined,
};

// Members

function admit(draft: Draft, { member, ticket, secret }: Of<'admit'>, { epoch, time }: RosterStep): void {
  const obstacle = whyNotMember(draft, member);
  if (obstacle !== null) forbid(OBSTACLE_REASONS[obstacle](member, draft));
  if (ticket !== undefined) {
    const open = openTicket(draft.tickets, ticket);
    if (hasRunOut(open, time)) forbid('The ticket has run out');
    draft.tickets.set(ticket, { ...open, state: 'used', usedBy: member });
  } else if (draft.admission !== 'secret') forbid('Admission needs a ticket');
  if ((draft.pending === null) !== (secret === undefined))
    forbid('A secret is sealed for a newcomer exactly while one is pending');
  draft.members.set(member.node_id, member);
  if (secret !== undefined) draft.pending?.sealed.set(member.node_id, { ...secret, epoch });
}

function takeOut({ members }: Draft, nodeId: string): RosterMember {
  const member = members.get(nodeId) ?? forbid(`${nodeId} is no member`);
  members.delete(nodeId);
  return member;
}

/** Whoever is evicted knows a pending secret: it is discarded, and with it what was sealed. */
function evict(draft: Draft, { node_id: nodeId }: Of<'evict'>, { signer }: RosterStep): void {
  if (nodeId === signer) forbid('Nobody evicts itself');
  draft.banned.add(takeOut(draft, nodeId).identity_key);
  draft.evicted.add(nodeId);
  if (draft.pending !== null) draft.retired.add(draft.pending.keyId);
  draft.pending = null;
}

// Tickets

/** Each is a way in, and each is remembered: both are bounded, whatever a member writes. */
function invite({ tickets }: Draft, { id, key, expires }: Of<'ticket'>, { time }: RosterStep): void {
  if (tickets.has(id)) forbid('There is a ticket of that id');
  const closed = [...tickets].filter(([, ticket]) => !admitsAt(ticket, time)).map(([each]) => each);
  if (tickets.size - closed.length >= OPEN_TICKETS_MAX)
    forbid(`At most ${OPEN_TICKETS_MAX} tickets are open at a time`);
  const [oldest] = closed;
  if (oldest !== undefined && tickets.size >= TICKETS_KNOWN_MAX) tickets.delete(oldest);
  tickets.set(id, { key, expires, state: 'open', usedBy: null });
}

/** Whether somebody may come in by it at that time, Unix seconds. */
export function admitsAt(ticket: RosterTicket, time: number): boolean {
  return ticket.state === 'open' && !hasRunOut(ticket, time);
}

/** `expires` is the last second in which it admits. `time`: Unix seconds. */
export function hasRunOut({ expires }: RosterTicket, time: number): boolean {
  return expires < time;
}

function openTicket(tickets: Roster['tickets'], id: string): RosterTicket {
  const ticket = tickets.get(id) ?? forbid('There is no such ticket');
  return ticket.state === 'open' ? ticket : forbid(`The ticket is ${ticket.state}`);
}

// Secrets

function prepare(
  draft: Draft,
  { key_id: keyId, sealed, compromise }: Of<'prepare_secret'>,
  { epoch, signer, time }: RosterStep,
): void {
  if (draft.pending !== null) forbid('Another secret is being rotated in');
  if (keyId === draft.keyId || draft.retired.has(keyId)) forbid('This secret was used before');
  const envelopes = new Map(
    Object.entries(sealed).map(([nodeId, envelope]) => [nodeId, { ...envelope, epoch }]),
  );
  const stranger = [...envelopes.keys()].find((nodeId) => !draft.members.has(nodeId));
  if (stranger !== undefined) forbid(`The secret is sealed for ${stranger}, who is no member`);
  draft.pending = { keyId, phase: 'prepared', sealed: envelopes, epoch, by: signer, since: time };
  if (compromise) revokeAll(draft);
}

/** Whoever knew the secret may have made tickets with it. */
function revokeAll({ tickets }: Draft): void {
  for (const [id, ticket] of tickets)
    if (ticket.state === 'open') tickets.set(id, { ...ticket, state: 'revoked' });
}

function enter(
  pending: Draft['pending'],
  keyId: string,
  phases: readonly PendingSecret['phase'][],
  next: Pick<PendingSecret, 'phase' | 'epoch'>,
): void {
  if (pending === null || pending.keyId !== keyId) forbid('That secret is not being rotated in');
  if (!phases.includes(pending.phase)) forbid(`That secret is ${pending.phase}`);
  Object.assign(pending, next);
}

function retire(draft: Draft, { key_id: keyId }: Of<'retire_secret'>): void {
  const { pending } = draft;
  if (pending === null) forbid('No secret is being rotated in');
  if (keyId !== leavingKey(draft))
    forbid(`While the new secret is ${pending.phase}, that one is not retired`);
  draft.retired.add(keyId);
  if (pending.phase === 'active') {
    draft.keyId = pending.keyId;
    draft.sealed = pending.sealed;
  }
  draft.pending = null;
}

/** What holds for a step as a whole, whatever the order of its operations. */
function requireWhole(before: Roster, draft: Draft, { operations }: RosterStep): void {
  if (draft.members.size === 0) forbid('The last member cannot go');
  const has = (op: Operation['op']) => operations.some((operation) => operation.op === op);
  const isCompromise = operations.some(
    (operation) => operation.op === 'prepare_secret' && operation.compromise,
  );
  const hasChanged = draft.keyId !== before.keyId && draft.pending === null;
  // Who has the old secret must not follow the new one through its phases.
  if (isCompromise && !(hasChanged && draft.admission === 'ticket'))
    forbid('After a compromise one step closes admission and changes the secret');
  // Who holds the secret would come back under another name, and knows the pending one.
  const isOpen = before.admission === 'secret' || before.pending !== null;
  if (has('evict') && isOpen && !isCompromise)
    forbid('While a secret admits or is rotated, an eviction changes the secret in the same step');
  const { pending } = draft;
  const unsealed = [...draft.members.keys()].filter(
    (nodeId) => (hasChanged && !draft.sealed.has(nodeId)) || (pending && !pending.sealed.has(nodeId)),
  );
  if (unsealed.length > 0) forbid(`The secret is not sealed for ${unsealed.join(', ')}`);
}
