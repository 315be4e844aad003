/**
 * A fleet of Macs, as far as a server can tell: the real agent's code, each with a spool of its own on disk, all
 * in this process, with made-up figures. All go through one door, where the book is kept.
 */
import { join } from 'node:path';
import { Agent } from '../src/agent/agent.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLog } from '../src/base/log.ts';
import { Secret } from '../src/base/secret.ts';
import { makeReport } from '../test/fakes/report.ts';
import type { LiveCluster } from '../test/scenario/live-cluster.ts';
import { ReportLedger } from '../test/scenario/report-ledger.ts';
import type { Reaper } from './reaper.ts';
import { ReportBook } from './report-book.ts';

const SPOOL_MB = 16;

export interface FleetPlan {
  readonly agents: number;
  readonly intervalSeconds: number;
  /** Beside the others, in processes of their own, as a Mac runs them: one report a second. */
  readonly processes: number;
  /** Where all report: the load balancer. */
  readonly port: number;
}

export class Fleet {
  readonly book = new ReportBook();
  readonly ledger: ReportLedger;
  #door = '';

  private constructor(key: Secret) {
    const { book } = this;
    this.ledger = new ReportLedger(key, {
      tried: ({ nonce, machineId }) => book.tried(nonce, machineId, performance.now()),
      acknowledged: ({ nonce }, by) => book.acknowledged(nonce, by, performance.now()),
    });
  }

  static async start(plan: FleetPlan, cluster: LiveCluster, reaper: Reaper): Promise<Fleet> {
    const key = new Secret(Buffer.from(cluster.secrets.encryptionKey, 'base64'));
    const fleet = new Fleet(key);
    reaper.mind(fleet.ledger, (ledger) => ledger.close());
    fleet.#door = await fleet.ledger.doorTo(plan.port);
    const numbers = Array.from({ length: plan.agents }, (_, number) => number);
    await Promise.all(numbers.map((number) => fleet.#startAgent(number, key, plan, cluster, reaper)));
    for (let number = 1; number <= plan.processes; number += 1) {
      await cluster.agent([fleet.#door], `agent-${number}`).start();
    }
    return fleet;
  }

  async #startAgent(
    number: number,
    encryptionKey: Secret,
    { intervalSeconds }: FleetPlan,
    { folder, secrets }: LiveCluster,
    reaper: Reaper,
  ): Promise<void> {
    const machineId = `mac-${String(number + 1).padStart(3, '0')}`;
    const opening = Agent.open({
      servers: [this.#door],
      pins: [],
      apiKey: Secret.fromText(secrets.apiKey),
      encryptionKey,
      intervalSeconds,
      spoolDir: join(folder, 'spools', machineId),
      spoolMaxMb: SPOOL_MB,
      clock: systemClock,
      log: silentLog,
      collector: { collect: async () => makeReport({ machineId, atMs: Date.now() }) },
    });
    const agent = await reaper.start(opening, (one) => one.stop());
    agent.start();
  }
}
