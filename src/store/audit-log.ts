/**
 * Where it rests who did what, for all servers on one database together. It only grows: nothing in this contract
 * changes an entry, and none goes before AUDIT_KEPT_DAYS are over. Who may write to the database itself can remove
 * entries; what nobody can rewrite are the steps of the roster (docs/protocol/roster.md).
 */
import type { AuditAction, AuditKind } from './audit-action.ts';

/** Days for which every entry is kept, at least: a year, and the weeks in which somebody looks back at it. */
export const AUDIT_KEPT_DAYS = 400;
/** The newest entries, which stay however old they seem: a clock that runs ahead must not empty the log. Arbitrary. */
export const AUDIT_KEPT_ENTRIES = 1_000;

/** `local`: who may open the control socket. `system`: a server by itself. `anonymous`: nobody who was known. */
export const AUDIT_ACTOR_KINDS = ['user', 'token', 'local', 'system', 'anonymous'] as const;
export interface AuditActor {
  readonly kind: (typeof AUDIT_ACTOR_KINDS)[number];
  /** Of a user or token; else empty. */
  readonly name: string;
}

/** `done`: it was about to be done. When it then was not, another entry of that action says `refused` or `failed`. */
export const AUDIT_OUTCOMES = ['done', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

export type AuditDetail = Readonly<Record<string, string | number | boolean>>;

export interface NewAuditEntry {
  /** No other entry has it. */
  readonly entryId: string;
  /** By the clock of the server that wrote it. */
  readonly atMs: number;
  readonly actor: AuditActor;
  readonly action: AuditAction;
  /** To whom or what; empty where the action alone says it. */
  readonly subject: string;
  readonly detail: AuditDetail;
  readonly outcome: AuditOutcome;
  /** The server on which it happened. */
  readonly nodeId: string;
  /** Of the caller; null where nobody called from anywhere. */
  readonly address: string | null;
}

/** `action`: of any version, see audit-action.ts. */
export type AuditEntry = Omit<NewAuditEntry, 'action'> & { readonly action: string };

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** What `before` is for the next page; null when there is none. */
  readonly nextBefore: number | null;
}

export interface AuditLog {
  /** Durable when it resolves. Rejects with store_unavailable or store_locked. */
  append(entry: NewAuditEntry): Promise<void>;
  /** In the order in which they were written, the newest first, whatever the clocks said; of one kind or of all. */
  list(page: { limit: number; before?: number; kind?: AuditKind }): Promise<AuditPage>;
  /** Forgets entries older than AUDIT_KEPT_DAYS, but the newest AUDIT_KEPT_ENTRIES. Returns how many. */
  forgetOld(nowMs: number): Promise<number>;
}
