/**
 * Brings spooled reports to a server, oldest first, one at a time: to the one that took the last, else to the
 * next. A report leaves the spool only when a server acknowledged it, or when it was refused for good.
 */
import type { Clock } from '../base/clock.ts';
import { systemCode } from '../base/errors.ts';
import { type Log, RateLimitedLog } from '../base/log.ts';
import { judgeAnswer, type Verdict } from './answer.ts';
import type { ServerLink } from './server-link.ts';
import type { Spool } from './spool.ts';
import { whyWaiting } from './waiting.ts';

/** Errors that say: somebody else answers there, or the certificate is wrong. */
const NOT_THE_SERVER = /^(EPIN|CERT_|ERR_TLS_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;
/** A wrong API key mends itself only by a person. */
const KEY_REFUSED_HOLD_MS = 60_000;

/** What became of one report for good. */
export type Fate =
  | { readonly kind: 'accepted'; readonly server: string }
  | { readonly kind: 'refused'; readonly reason: string };

export interface Delivery {
  /** Reports acknowledged, and refused for good, in this run. */
  readonly accepted: number;
  readonly refused: number;
  /** Of each of them, by its name in the spool. */
  readonly fates: ReadonlyMap<string, Fate>;
  /** Still in the spool. */
  readonly left: number;
  /** The server that took the last one. */
  readonly server: string | null;
  /** Why the last one that was not taken was not. */
  readonly failure: string | null;
  /** When a server may be asked again; null when nothing is left. */
  readonly retryInMs: number | null;
}

export interface ReporterOptions {
  /** At least one. */
  readonly links: readonly ServerLink[];
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1: where to begin, so that a fleet spreads over its servers. */
  readonly random: () => number;
}

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #rareLog: RateLimitedLog;
  #current: number;
  /** Whether the last attempt at all was accepted. */
  #well = false;
  #everWell = false;
  /** Since a report was last accepted: no server took the oldest one, and the log says so. */
  #stuck = false;
  #complained = false;
  #failure: string | null = null;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#rareLog = new RateLimitedLog(options.clock);
    this.#current = Math.floor(options.random() * options.links.length) % options.links.length;
  }

  /** Until the spool is empty or no server takes the oldest. Not to be called again before it has resolved. */
  async deliver(signal: AbortSignal): Promise<Delivery> {
    const { spool, links } = this.#options;
    const fates = new Map<string, Fate>();
    for (let name = spool.oldest(); name !== undefined && !signal.aborted; name = spool.oldest()) {
      const body = await spool.read(name);
      if (body === undefined) continue;
      const fate = await this.#offer(body, signal);
      this.#stuck ||= fate === undefined;
      if (fate === undefined) break;
      fates.set(name, fate);
      if (fate.kind === 'accepted') await spool.remove(name);
      else await spool.setAside(name);
    }
    const accepted = [...fates.values()].filter(({ kind }) => kind === 'accepted').length;
    const left = spool.count;
    const retryInMs = left === 0 ? null : Math.min(...links.map((link) => link.heldForMs()));
    const server = accepted === 0 ? null : (links[this.#current]?.url ?? null);
    const refused = fates.size - accepted;
    return { accepted, refused, fates, left, server, failure: this.#failure, retryInMs };
  }

  /** A report that one server refuses for good is offered to the others before it is believed. Undefined: it waits. */
  async #offer(body: Uint8Array, signal: AbortSignal): Promise<Fate | undefined> {
    const { links } = this.#options;
    let refused: Fate | undefined;
    for (let step = 0; step < links.length && !signal.aborted; step += 1) {
      const at = (this.#current + step) % links.length;
      const link = links[at];
      if (link === undefined || link.heldForMs() > 0) continue;
      const verdict = await this.#ask(link, body, signal);
      if (verdict.kind === 'accepted') {
        this.#current = at;
        this.#sayAccepted(link);
        return { kind: 'accepted', server: link.url };
      }
      if (signal.aborted) break;
      if (verdict.kind === 'kept') link.hold(verdict.retryAfterMs);
      else refused ??= { kind: 'refused', reason: verdict.reason };
      this.#sayNotTaken(link, verdict);
    }
    return refused;
  }

  async #ask(link: ServerLink, body: Uint8Array, signal: AbortSignal): Promise<Verdict> {
    try {
      const answer = await link.post(body, signal);
      const verdict = judgeAnswer(answer, this.#options.clock.wallMs());
      if (verdict.kind !== 'kept' || answer.status !== 401) return verdict;
      return { ...verdict, retryAfterMs: verdict.retryAfterMs ?? KEY_REFUSED_HOLD_MS };
    } catch (error) {
      return { kind: 'kept', reason: systemCode(error) ?? 'failed', retryAfterMs: undefined };
    }
  }

  #sayAccepted(link: ServerLink): void {
    link.release();
    const { log, spool } = this.#options;
    if (this.#everWell && this.#stuck && this.#complained) {
      // As often as the complaint it answers, and so not through #rareLog, which would swallow it.
      const sentence = `Reports arrive again at ${link.url}, ${spool.count} had waited`;
      log.info('agent.accepted', sentence, { waited: spool.count });
    } else if (!this.#well) {
      const say = () => log.info('agent.accepted', `Report accepted by ${link.url}`);
      this.#rareLog.once(`accepted ${link.url}`, say);
    }
    this.#well = true;
    this.#everWell = true;
    this.#stuck = false;
    this.#complained = false;
    this.#failure = null;
  }

  #sayNotTaken({ url }: ServerLink, { kind, ...verdict }: Exclude<Verdict, { kind: 'accepted' }>): void {
    const { log } = this.#options;
    const { reason } = verdict;
    this.#well = false;
    this.#failure = reason;
    this.#rareLog.once(`${url} ${reason}`, (times) => {
      this.#complained = true;
      const hint = kind === 'kept' ? whyWaiting(reason)?.hint : undefined;
      const fields = { server: url, reason, times, ...(hint !== undefined && { hint }) };
      if (kind === 'refused') {
        log.error('agent.refused', 'Report refused for good by a server', fields);
      } else if (reason.startsWith('status 401')) {
        log.error(
          'agent.key_refused',
          'Server refuses the API key: reports are kept until it is right',
          fields,
        );
      } else if (NOT_THE_SERVER.test(reason)) {
        log.error('agent.not_the_server', 'Server could not prove itself: nothing was sent to it', fields);
      } else {
        log.warn('agent.not_delivered', 'Report not delivered: it is kept and sent again', fields);
      }
    });
  }
}
