/**
 * Every report that was ever tried: when first, when acknowledged and by which server. Pure arithmetic over
 * moments that the door tells (monotonic milliseconds); what the database holds is compared with it in
 * report-audit.ts.
 */

export interface BookedReport {
  /** Of its sealing, hex: its name in the database too. */
  readonly nonce: string;
  readonly machineId: string;
  readonly triedAtMs: number;
  tries: number;
  acknowledgedAtMs: number | null;
  by: string | null;
}

/** A time in which a machine had a report to send, and nobody acknowledged any of its reports. */
export interface Gap {
  readonly machineId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export class ReportBook {
  readonly #reports = new Map<string, BookedReport>();
  readonly #gaps: Gap[] = [];
  /** By machine: since when it tries in vain. */
  readonly #waitingSinceMs = new Map<string, number>();

  tried(nonce: string, machineId: string, atMs: number): void {
    const known = this.#reports.get(nonce);
    if (known) known.tries += 1;
    else {
      const fresh = { nonce, machineId, triedAtMs: atMs, tries: 1, acknowledgedAtMs: null, by: null };
      this.#reports.set(nonce, fresh);
    }
    if (!this.#waitingSinceMs.has(machineId)) this.#waitingSinceMs.set(machineId, atMs);
  }

  acknowledged(nonce: string, by: string, atMs: number): void {
    const report = this.#reports.get(nonce);
    if (report === undefined) throw new Error(`acknowledged and never tried: ${nonce}`);
    if (report.acknowledgedAtMs === null) {
      report.acknowledgedAtMs = atMs;
      report.by = by;
    }
    const fromMs = this.#waitingSinceMs.get(report.machineId);
    this.#waitingSinceMs.delete(report.machineId);
    if (fromMs !== undefined) this.#gaps.push({ machineId: report.machineId, fromMs, toMs: atMs });
  }

  /** Those acknowledged from then on. */
  acknowledgedSince(fromMs: number): BookedReport[] {
    return [...this.#reports.values()].filter(
      ({ acknowledgedAtMs }) => acknowledgedAtMs !== null && acknowledgedAtMs >= fromMs,
    );
  }

  /** The longest gap that reaches beyond this moment, the part before it left out; an open one lasts until now. */
  longestGapMs(fromMs: number, nowMs: number): number {
    return longest(this.#gapsUntil(nowMs).map((gap) => gap.toMs - Math.max(gap.fromMs, fromMs)));
  }

  /** The longest gap that began after this moment. */
  longestNewGapMs(fromMs: number, nowMs: number): number {
    const begun = this.#gapsUntil(nowMs).filter((gap) => gap.fromMs >= fromMs);
    return longest(begun.map((gap) => gap.toMs - gap.fromMs));
  }

  /** Machines that wait for an acknowledgement for longer than so many milliseconds. */
  waiting(longerThanMs: number, nowMs: number): number {
    return [...this.#waitingSinceMs.values()].filter((sinceMs) => nowMs - sinceMs > longerThanMs).length;
  }

  /** Milliseconds from the first try to the acknowledgement, of those acknowledged from then on: the p-th part. */
  latencyMs(fromMs: number, part: number): number {
    const all = this.acknowledgedSince(fromMs)
      .map(({ triedAtMs, acknowledgedAtMs }) => (acknowledgedAtMs ?? triedAtMs) - triedAtMs)
      .sort((a, b) => a - b);
    return all[Math.min(all.length - 1, Math.floor(all.length * part))] ?? 0;
  }

  /** How many each server acknowledged from then on. */
  byServer(fromMs: number): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { by } of this.acknowledgedSince(fromMs)) {
      if (by !== null) counts.set(by, (counts.get(by) ?? 0) + 1);
    }
    return counts;
  }

  #gapsUntil(nowMs: number): Gap[] {
    const open = [...this.#waitingSinceMs].map(([machineId, fromMs]) => ({ machineId, fromMs, toMs: nowMs }));
    return [...this.#gaps, ...open];
  }
}

function longest(lengths: readonly number[]): number {
  return lengths.reduce((a, b) => Math.max(a, b), 0);
}
