/**
 * Who belongs to the cluster: a pure fold over the chain of signed steps (docs/protocol/roster.md). The same steps
 * make the same roster everywhere and at any time, so nobody has to be asked, and nobody can be talked out of it.
 *
 * Invariants: only a member of the parent changes anything; a step never changes a member's keys; a ban is never
 * dropped; of a step that is wrong in one operation nothing counts.
 */
import { MEMBERS_MAX } from '../protocol/limits.ts';
import {
  type Admission,
  type Envelope,
  isStepSignedBy,
  type Operation,
  type RosterLevel,
  type RosterMember,
  type RosterStep,
} from '../protocol/roster-step.ts';

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

/** A secret that is being rotated in: signed with while `active`, accepted in each phase (rotation.ts). */
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

class Refused extends Error {
  readonly fault: StepFault;

  constructor(fault: StepFault, reason: string) {
    super(reason);
    this.fault = fault;
  }
}

const forbid = (reason: string): never => {
  throw new Refused('not_allowed', reason);
};

type Draft = { -readonly [Name in keyof Roster]: Roster[Name] };

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
    let draft: Draft = { ...roster };
    for (const operation of step.operations) draft = apply(draft, operation, step);
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

function apply(draft: Draft, operation: Operation, step: RosterStep): Draft {
  switch (operation.op) {
    case 'found':
      return forbid('A roster is founded once');
    case 'admit':
      return admit(draft, operation, step);
    case 'leave':
      return { ...draft, members: without(draft.members, step.signer) };
    case 'remove':
      if (operation.node_id === step.signer) forbid('Who goes by itself leaves');
      return { ...draft, members: without(draft.members, operation.node_id) };
    case 'evict':
      return evict(draft, operation.node_id, step);
    case 'readmit':
      if (!draft.evicted.has(operation.node_id)) forbid(`${operation.node_id} was not evicted`);
      return { ...draft, evicted: less(draft.evicted, operation.node_id) };
    case 'ticket':
      if (draft.tickets.has(operation.id)) forbid('There is a ticket of that id');
      return withTicket(draft, operation.id, {
        key: operation.key,
        expires: operation.expires,
        state: 'open',
        usedBy: null,
      });
    case 'revoke_ticket':
      return withTicket(draft, operation.id, { ...openTicket(draft, operation.id), state: 'revoked' });
    case 'admission':
      return { ...draft, admission: operation.admission };
    case 'level':
      return { ...draft, level: operation.level };
    case 'prepare_secret':
      return prepare(draft, operation, step);
    case 'activate_secret':
      return enter(draft, operation.key_id, ['prepared'], { phase: 'active', epoch: step.epoch });
    case 'abandon_secret':
      return enter(draft, operation.key_id, ['prepared', 'active'], {
        phase: 'abandoned',
        epoch: step.epoch,
      });
    case 'retire_secret':
      return retire(draft, operation.key_id);
    case 'note':
      return draft;
  }
}

// Members

function admit(draft: Draft, operation: Extract<Operation, { op: 'admit' }>, step: RosterStep): Draft {
  const { member, ticket } = operation;
  const secret = operation.secret && { ...operation.secret, epoch: step.epoch };
  if (draft.evicted.has(member.node_id)) forbid(`${member.node_id} was evicted`);
  if (ticket === undefined) {
    if (draft.admission !== 'secret') forbid('Admission needs a ticket');
    return join(draft, member, secret);
  }
  const open = openTicket(draft, ticket);
  if (open.expires < step.time) forbid('The ticket has run out');
  return join(withTicket(draft, ticket, { ...open, state: 'used', usedBy: member }), member, secret);
}

function join(draft: Draft, member: RosterMember, secret: SealedSecret | undefined): Draft {
  if (draft.members.has(member.node_id)) forbid(`${member.node_id} is a member`);
  if (draft.members.size >= MEMBERS_MAX) forbid(`A cluster has at most ${MEMBERS_MAX} members`);
  if (draft.banned.has(member.identity_key)) forbid('This key was evicted');
  for (const other of draft.members.values())
    if (other.identity_key === member.identity_key) forbid(`This key is that of ${other.node_id}`);
  if ((draft.pending === null) !== (secret === undefined))
    forbid('A secret is sealed for a newcomer exactly while one is pending');
  const members = new Map(draft.members).set(member.node_id, member);
  if (draft.pending === null || secret === undefined) return { ...draft, members };
  const sealed = new Map(draft.pending.sealed).set(member.node_id, secret);
  return { ...draft, members, pending: { ...draft.pending, sealed } };
}

/** Whoever is evicted knows a pending secret: it is discarded, and with it what was sealed. */
function evict(draft: Draft, nodeId: string, { signer }: RosterStep): Draft {
  if (nodeId === signer) forbid('Nobody evicts itself');
  const key = draft.members.get(nodeId)?.identity_key ?? forbid(`${nodeId} is no member`);
  return {
    ...draft,
    members: without(draft.members, nodeId),
    banned: new Set(draft.banned).add(key),
    evicted: new Set(draft.evicted).add(nodeId),
    retired: draft.pending ? new Set(draft.retired).add(draft.pending.keyId) : draft.retired,
    pending: null,
  };
}

// Tickets

function openTicket(draft: Draft, id: string): RosterTicket {
  const ticket = draft.tickets.get(id) ?? forbid('There is no such ticket');
  return ticket.state === 'open' ? ticket : forbid(`The ticket is ${ticket.state}`);
}

function withTicket(draft: Draft, id: string, ticket: RosterTicket): Draft {
  return { ...draft, tickets: new Map(draft.tickets).set(id, ticket) };
}

// Secrets

function prepare(
  draft: Draft,
  { key_id: keyId, sealed }: Extract<Operation, { op: 'prepare_secret' }>,
  { epoch, signer, time }: RosterStep,
): Draft {
  if (draft.pending !== null) forbid('Another secret is being rotated in');
  if (keyId === draft.keyId || draft.retired.has(keyId)) forbid('This secret was used before');
  const envelopes = new Map(
    Object.entries(sealed).map(([nodeId, envelope]) => [nodeId, { ...envelope, epoch }]),
  );
  const stranger = [...envelopes.keys()].find((nodeId) => !draft.members.has(nodeId));
  if (stranger !== undefined) forbid(`The secret is sealed for ${stranger}, who is no member`);
  const pending = { keyId, phase: 'prepared', sealed: envelopes, epoch, by: signer, since: time } as const;
  return { ...draft, pending };
}

function enter(
  draft: Draft,
  keyId: string,
  phases: readonly PendingSecret['phase'][],
  next: Pick<PendingSecret, 'phase' | 'epoch'>,
): Draft {
  const { pending } = draft;
  if (pending === null || pending.keyId !== keyId) return forbid('That secret is not being rotated in');
  if (!phases.includes(pending.phase)) forbid(`That secret is ${pending.phase}`);
  return { ...draft, pending: { ...pending, ...next } };
}

function retire(draft: Draft, keyId: string): Draft {
  const { pending } = draft;
  if (pending === null) return forbid('No secret is being rotated in');
  const goes = { prepared: null, active: draft.keyId, abandoned: pending.keyId }[pending.phase];
  if (keyId !== goes) forbid(`While the new secret is ${pending.phase}, that one is not retired`);
  const retired = new Set(draft.retired).add(keyId);
  if (pending.phase === 'abandoned') return { ...draft, retired, pending: null };
  return { ...draft, retired, keyId: pending.keyId, sealed: pending.sealed, pending: null };
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

function without(members: Roster['members'], nodeId: string): Map<string, RosterMember> {
  const rest = new Map(members);
  if (!rest.delete(nodeId)) forbid(`${nodeId} is no member`);
  return rest;
}

function less(ids: ReadonlySet<string>, nodeId: string): Set<string> {
  return new Set([...ids].filter((id) => id !== nodeId));
}
