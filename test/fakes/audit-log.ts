/** The contract of src/store/audit-log.ts in memory; held to it by the same suite as the engines. */
import { type AuditKind, auditKind } from '../../src/store/audit-action.ts';
import {
  AUDIT_KEPT_DAYS,
  AUDIT_KEPT_ENTRIES,
  type AuditLog,
  type AuditPage,
  type NewAuditEntry,
} from '../../src/store/audit-log.ts';

export class FakeAuditLog implements AuditLog {
  #numbered: { readonly number: number; readonly entry: NewAuditEntry }[] = [];
  #last = 0;
  /** Set to let everything fail, as an engine would that is away. */
  failure: Error | undefined;

  async append(entry: NewAuditEntry): Promise<void> {
    if (this.failure) throw this.failure;
    this.#last += 1;
    this.#numbered.push({ number: this.#last, entry });
  }

  async list(page: { limit: number; before?: number; kind?: AuditKind }): Promise<AuditPage> {
    const { limit, before = Number.POSITIVE_INFINITY, kind } = page;
    if (this.failure) throw this.failure;
    const found = this.#numbered
      .filter(
        ({ number, entry }) =>
          number < before && (kind ?? auditKind(entry.action)) === auditKind(entry.action),
      )
      .reverse();
    const shown = found.slice(0, limit);
    return {
      entries: shown.map(({ entry }) => entry),
      nextBefore: found.length > limit ? (shown.at(-1)?.number ?? null) : null,
    };
  }

  async forgetOld(nowMs: number): Promise<number> {
    const keptFromMs = nowMs - AUDIT_KEPT_DAYS * 86_400_000;
    const mayGo = ({ number, entry }: { number: number; entry: NewAuditEntry }) =>
      number <= this.#last - AUDIT_KEPT_ENTRIES && entry.atMs < keptFromMs;
    const before = this.#numbered.length;
    this.#numbered = this.#numbered.filter((one) => !mayGo(one));
    return before - this.#numbered.length;
  }

  /** Not of the contract: the oldest first. */
  get entries(): readonly NewAuditEntry[] {
    return this.#numbered.map(({ entry }) => entry);
  }
}
