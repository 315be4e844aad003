/**
 * Many small senders, each a machine of its own, so that at whatever moment a server dies some reports are under
 * way to it. As the agent does, each offers one report until a server acknowledges it, and then the next.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Secret } from '../../src/base/secret.ts';
import { NONCE_BYTES, sealReport } from '../../src/protocol/report-envelope.ts';
import { makeReport } from '../fakes/report.ts';

const ANSWER_MS = 5000;
/** Milliseconds a sender rests, so that the machine has time for the servers too. */
const REST_MS = 40;

export interface CrowdPlan {
  readonly urls: readonly string[];
  readonly senders: number;
  readonly apiKey: string;
  readonly key: Secret;
}

export class ReportCrowd {
  readonly #plan: CrowdPlan;
  readonly #stopping = new AbortController();
  readonly #senders: Promise<void>[];

  constructor(plan: CrowdPlan) {
    this.#plan = plan;
    this.#senders = Array.from({ length: plan.senders }, (_, number) => this.#run(number));
  }

  /** Resolves when each sender has an answer to its last report, or nobody answers any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#senders);
  }

  async #run(number: number): Promise<void> {
    for (let at = number; !this.#stopping.signal.aborted; ) {
      const report = makeReport({ machineId: `crowd-${number}`, atMs: Date.now() });
      const body = sealReport(report, this.#plan.key, randomBytes(NONCE_BYTES));
      while (!(await this.#offer(body, at))) {
        at += 1; // the next server; the same report
        if (this.#stopping.signal.aborted) return;
        await wait(REST_MS);
      }
      await wait(REST_MS);
    }
  }

  async #offer(body: Uint8Array, at: number): Promise<boolean> {
    const { urls, apiKey } = this.#plan;
    const headers = { 'content-type': 'application/json', 'x-api-key': apiKey };
    const request = {
      method: 'POST',
      headers,
      body: Buffer.from(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    };
    return fetch(`${urls[at % urls.length]}/api/fleet/report`, request).then(
      async (answer) => (await answer.text()) !== '' && answer.ok,
      () => false,
    );
  }
}
