/**
 * The agent: each interval one report, sealed, on disk, then on its way. Collecting never waits for a server, and
 * a server that is away never costs a report before the spool is full. Nothing here keeps reports in clear.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, sleep, type Timer } from '../base/clock.ts';
import { AtlasError } from '../base/errors.ts';
import { type Log, RateLimitedLog } from '../base/log.ts';
import type { Secret } from '../base/secret.ts';
import { NONCE_BYTES, sealReport } from '../protocol/report-envelope.ts';
import { type Collector, SystemCollector } from './collector.ts';
import { type Delivery, type Fate, Reporter } from './reporter.ts';
import { ServerLink } from './server-link.ts';
import { Spool } from './spool.ts';

/** Each wait is this part of the interval longer or shorter at most, so that a fleet does not report in step. */
const JITTER = 0.1;
const MB = 1024 * 1024;

export interface AgentOptions {
  /** Base addresses, at least one. */
  readonly servers: readonly string[];
  /** `sha256/BASE64` of the keys that https servers may show; empty: the system's roots decide. */
  readonly pins: readonly string[];
  readonly apiKey: Secret;
  /** 32 bytes. */
  readonly encryptionKey: Secret;
  readonly intervalSeconds: number;
  readonly spoolDir: string;
  readonly spoolMaxMb: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly agentVersion?: string | null;
  /** Lets reports and API key cross a network without TLS. */
  readonly allowPlainHttp?: boolean;
  readonly collector?: Collector;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

/** A delivery, and what became of the report that was made for it. */
export interface OneReport extends Delivery {
  /** `waiting`: it stays in the spool and goes with a later one. */
  readonly own: Fate | { readonly kind: 'waiting'; readonly reason: string };
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #random: () => number;
  readonly #spool: Spool;
  readonly #links: readonly ServerLink[];
  readonly #reporter: Reporter;
  readonly #collector: Collector;
  readonly #rareLog: RateLimitedLog;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #delivering: Promise<Delivery> | undefined;
  #retry: Timer | undefined;

  private constructor(options: AgentOptions, spool: Spool) {
    const { clock, log, spoolDir, servers, pins, apiKey, allowPlainHttp = false } = options;
    const { random = Math.random, agentVersion = null } = options;
    if (servers.length === 0) {
      throw new AtlasError('config_invalid', 'the agent has no server to report to', {
        hint: 'name one under agent.servers, or with --server',
      });
    }
    this.#options = options;
    this.#random = random;
    this.#spool = spool;
    this.#links = servers.map((url) => new ServerLink({ url, pins, apiKey, clock, random, allowPlainHttp }));
    this.#reporter = new Reporter({ links: this.#links, spool, clock, log, random });
    this.#collector = options.collector ?? new SystemCollector({ clock, folder: spoolDir, agentVersion });
    this.#rareLog = new RateLimitedLog(clock);
  }

  /** Ready for reportOnce() and start(), and not yet reporting. Rejects with config_invalid. */
  static async open(options: AgentOptions): Promise<Agent> {
    const { spoolDir, spoolMaxMb, clock, log } = options;
    return new Agent(options, await Spool.open({ dir: spoolDir, maxBytes: spoolMaxMb * MB, clock, log }));
  }

  /** Reports each interval, and keeps the process alive until stop(). */
  start(): void {
    const alive = setInterval(() => {}, 0x7fffffff); // timers of a Clock keep no process alive
    this.#loop ??= this.#run(this.#stopping.signal).finally(() => clearInterval(alive));
  }

  /** Resolves when nothing is under way any more. What was not acknowledged stays in the spool. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#retry?.cancel();
    await this.#loop;
    await this.#delivering?.catch(() => {});
    for (const link of this.#links) link.close();
  }

  /** Collects, seals, spools and sends, with everything that waits. Rejects when there is no report to be had. */
  async reportOnce(): Promise<OneReport> {
    const name = await this.#take();
    let before: Fate | undefined;
    while (this.#delivering !== undefined) {
      const delivery = await this.#delivering.catch(() => undefined);
      before ??= delivery?.fates.get(name);
    }
    const delivery = await this.#deliver();
    const reason = delivery.failure ?? 'no server answered';
    return { ...delivery, own: before ?? delivery.fates.get(name) ?? { kind: 'waiting', reason } };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, intervalSeconds, log } = this.#options;
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs();
      await this.#take().catch((error: unknown) => {
        this.#rareLog.once('collect', (times) => {
          log.error('agent.collect_failed', 'No report could be made of this machine', { err: error, times });
        });
      });
      this.#send();
      const waitMs = intervalSeconds * 1000 * (1 + (this.#random() * 2 - 1) * JITTER);
      const spentMs = clock.monotonicMs() - startedMs;
      await sleep(clock, Math.max(0, waitMs - spentMs), signal).catch(() => {}); // ended by stop()
    }
  }

  /** Resolves with the name of the report in the spool. */
  async #take(): Promise<string> {
    const report = await this.#collector.collect();
    const sealed = sealReport(report, this.#options.encryptionKey, randomBytes(NONCE_BYTES));
    return this.#spool.add(sealed, report.metrics.timestamp * 1000);
  }

  /** Without waiting for it: one delivery at a time takes along what comes meanwhile. */
  #send(): void {
    if (this.#delivering !== undefined || this.#stopping.signal.aborted) return;
    const { clock, log } = this.#options;
    this.#retry?.cancel();
    this.#deliver().then(
      ({ retryInMs }) => {
        if (retryInMs === null || this.#stopping.signal.aborted) return;
        this.#retry = clock.after(Math.ceil(retryInMs), () => this.#send());
      },
      (error: unknown) => {
        this.#rareLog.once('deliver', (times) => {
          log.error('agent.spool_failed', 'The spool cannot be read', { err: error, times });
        });
      },
    );
  }

  #deliver(): Promise<Delivery> {
    const delivery = this.#reporter.deliver(this.#stopping.signal).finally(() => {
      this.#delivering = undefined;
    });
    this.#delivering = delivery;
    return delivery;
  }
}
