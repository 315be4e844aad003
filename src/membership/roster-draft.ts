/**
 * A roster while a step changes it (roster.ts). It is copied once for each step, so that what an operation costs does
 * not grow with the roster; a step that is refused leaves its draft behind, and the roster as it was.
 */
import type { PendingSecret, Roster, StepFault } from './roster.ts';

export type Draft = Drafted<Roster>;

type Drafted<Whole> = { -readonly [Name in keyof Whole]: DraftedField<Whole[Name]> };

type DraftedField<Value> =
  Value extends ReadonlyMap<infer Key, infer Each>
    ? Map<Key, Each>
    : Value extends ReadonlySet<infer Each>
      ? Set<Each>
      : Value extends PendingSecret
        ? Drafted<PendingSecret>
        : Value;

export function draftOf(roster: Roster): Draft {
  const { pending } = roster;
  return {
    ...roster,
    members: new Map(roster.members),
    banned: new Set(roster.banned),
    evicted: new Set(roster.evicted),
    tickets: new Map(roster.tickets),
    sealed: new Map(roster.sealed),
    retired: new Set(roster.retired),
    pending: pending && { ...pending, sealed: new Map(pending.sealed) },
  };
}

export class Refused extends Error {
  readonly fault: StepFault;

  constructor(fault: StepFault, reason: string) {
    super(reason);
    this.fault = fault;
  }
}

export function forbid(reason: string): never {
  throw new Refused('not_allowed', reason);
}
