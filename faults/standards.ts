/**
 * What must hold whatever happens (quality.md, "Reliability"): nothing acknowledged is lost or doubled, nobody
 * alive is declared dead, agents get through, the log neither floods nor tells a secret. Measured from begin() to
 * figures().
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { controlClient } from '../src/cli/control-socket.ts';
import type { ClusterStatusView } from '../src/services/cluster/cluster-view.ts';
import { busiestMinute, LogReader, secretsIn } from './log-reader.ts';
import { audit } from './report-audit.ts';
import type { Stand } from './stand.ts';
import { type Absence, falseDeaths } from './state-witness.ts';
import type { Figure } from './verdict.ts';

const GAP_BAR_SECONDS = 2;
/** Lines of one event that one server may write in a minute: a state that changes back and forth, and no flood. */
const LINES_BAR = 12;
/** Milliseconds that agents have to bring what they spooled, before the account is drawn up. */
const FLUSH_MS = 45_000;
/** An agent that waits for longer than this has not got through. */
const WAITING_MS = 1000;

export interface Circumstances {
  readonly absences?: readonly Absence[];
  /** The end of a time in which no agent could report. */
  readonly spooledUntilMs?: number;
}

export class Standards {
  readonly #fault: string;
  readonly #stand: Stand;
  readonly #logs: LogReader;
  readonly #fromMs = performance.now();
  readonly #delay = monitorEventLoopDelay();
  readonly #refusals: ReadonlyMap<string, number>;
  readonly #answersBefore: number;
  readonly #cutBefore: number;

  private constructor(fault: string, stand: Stand, refusals: ReadonlyMap<string, number>) {
    this.#fault = fault;
    this.#stand = stand;
    this.#logs = new LogReader(stand.servers);
    this.#refusals = refusals;
    const { ledger } = stand.fleet;
    this.#answersBefore = ledger.refusals.length;
    this.#cutBefore = ledger.cut;
    this.#delay.enable();
  }

  static async begin(fault: string, stand: Stand): Promise<Standards> {
    return new Standards(fault, stand, await refusalCounts(stand));
  }

  async figures(circumstances: Circumstances = {}): Promise<Figure[]> {
    await this.#flushed();
    return [
      ...(await this.#reports()),
      ...this.#gaps(circumstances),
      this.#unacknowledged(),
      this.#ownDelay(),
      ...this.#deaths(circumstances.absences ?? []),
      ...this.#logFigures(),
      await this.#refused(),
    ];
  }

  /** All agents have an answer to all they tried. */
  async #flushed(): Promise<void> {
    const { book } = this.#stand.fleet;
    const deadline = performance.now() + FLUSH_MS;
    while (book.waiting(WAITING_MS, performance.now()) > 0 && performance.now() < deadline) await wait(200);
  }

  async #reports(): Promise<Figure[]> {
    const { book } = this.#stand.fleet;
    const acknowledged = book.acknowledgedSince(this.#fromMs);
    const { lost, doubled } = audit(acknowledged, await this.#stand.stored());
    return [
      this.#count('reports acknowledged', acknowledged.length),
      this.#count('acknowledged and lost', lost, 0),
      this.#count('stored twice', doubled, 0),
      { ...this.#count('latency, 99th percentile', book.latencyMs(this.#fromMs, 0.99)), unit: 'ms' },
    ];
  }

  #gaps({ spooledUntilMs }: Circumstances): Figure[] {
    const { book } = this.#stand.fleet;
    const nowMs = performance.now();
    const whole = book.longestGapMs(this.#fromMs, nowMs) / 1000;
    if (spooledUntilMs === undefined) return [this.#seconds('longest client gap', whole, GAP_BAR_SECONDS)];
    const after = book.longestNewGapMs(spooledUntilMs, nowMs) / 1000;
    return [
      this.#seconds('longest wait in the spool', whole),
      this.#seconds('longest client gap afterwards', after, GAP_BAR_SECONDS),
    ];
  }

  /** How long this machine kept the stand itself waiting at most: by about so much any time may be too long. */
  #ownDelay(): Figure {
    this.#delay.disable();
    return { ...this.#count('delay of the stand itself', this.#delay.max / 1e6), unit: 'ms' };
  }

  /** Why agents had to try again: told, so that a gap explains itself. */
  #unacknowledged(): Figure {
    const { ledger } = this.#stand.fleet;
    const answers = Map.groupBy(ledger.refusals.slice(this.#answersBefore), (answer) => answer);
    const counts = [...answers].map(([answer, { length }]) => [answer, length] as const);
    return this.#text('tries in vain', [...counts, ['no answer', ledger.cut - this.#cutBefore]]);
  }

  #deaths(absences: readonly Absence[]): Figure[] {
    const changes = this.#stand.witness.changes.filter(({ atMs }) => atMs >= this.#fromMs);
    return [this.#count('false deaths', falseDeaths(changes, absences).length, 0)];
  }

  #logFigures(): Figure[] {
    const lines = this.#stand.servers.flatMap((server) => this.#logs.lines(server));
    const text = lines.map((line) => line.text).join('\n');
    const busiest = busiestMinute(lines);
    return [
      this.#count(`log lines a minute (${busiest.event})`, busiest.lines, LINES_BAR),
      this.#count('secrets in the log', secretsIn(text, this.#stand.secrets), 0),
    ];
  }

  /** Told, not judged: a wrong clock must be refused, and nothing else should be. */
  async #refused(): Promise<Figure> {
    const counts = await refusalCounts(this.#stand);
    const fresh = [...counts].map(
      ([code, count]) => [code, count - (this.#refusals.get(code) ?? 0)] as const,
    );
    return this.#text('records refused', fresh);
  }

  #count(figure: string, value: number, bar?: number): Figure {
    return { fault: this.#fault, figure, value, unit: 'count', ...(bar !== undefined && { bar }) };
  }

  #text(figure: string, counts: readonly (readonly [string, number])[]): Figure {
    const some = counts.filter(([, count]) => count > 0).map(([name, count]) => `${name} ×${count}`);
    return { fault: this.#fault, figure, value: some.join(', ') || 'none', unit: 'text' };
  }

  #seconds(figure: string, value: number, bar?: number): Figure {
    return { ...this.#count(figure, value, bar), unit: 's' };
  }
}

/** By code, over all servers that answer. */
async function refusalCounts(stand: Stand): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { dataDir } of stand.servers) {
    const client = controlClient(dataDir);
    const status = await client.get<ClusterStatusView>('/api/fleet/cluster/status').catch(() => undefined);
    for (const { code, count } of status?.refusals ?? []) counts.set(code, (counts.get(code) ?? 0) + count);
  }
  return counts;
}
