/** A hand in the chain of the roster in a real Redis: reads and writes any step, and signs some with stolen keys. */

import { rosterKey } from '../../src/protocol/registry-key.ts';
import { type Operation, type RosterStep, readStep, signStep } from '../../src/protocol/roster-step.ts';
import type { RedisServer } from '../backends/redis.ts';
import type { LiveServer } from './live-cluster.ts';
import { nowSeconds, stolenKey } from './record-forger.ts';

export class ChainIntruder {
  readonly #redis: RedisServer;

  constructor(redis: RedisServer) {
    this.#redis = redis;
  }

  /** Up to the first place that is empty or holds none. */
  async steps(): Promise<RosterStep[]> {
    const steps: RosterStep[] = [];
    for (;;) {
      const text = await this.#redis.cli('--raw', 'get', rosterKey(steps.length));
      const reading = readStep(Buffer.from(text, 'utf8'));
      if (!reading.ok) return steps;
      steps.push(reading.step);
    }
  }

  async head(): Promise<RosterStep> {
    const head = (await this.steps()).at(-1);
    if (head === undefined) throw new Error('there is no chain');
    return head;
  }

  async text(epoch: number): Promise<string> {
    return this.#redis.cli('--raw', 'get', rosterKey(epoch));
  }

  async put(epoch: number, bytes: Uint8Array | string): Promise<void> {
    await this.#redis.send([['set', rosterKey(epoch), bytes]]);
  }

  async remove(epoch: number): Promise<void> {
    await this.#redis.cli('del', rosterKey(epoch));
  }

  /** These steps and nothing behind them. */
  async show(steps: readonly RosterStep[]): Promise<void> {
    const behind = Array.from({ length: 8 }, (_, i) => ['del', rosterKey(steps.length + i)]);
    await this.#redis.send([...steps.map(({ epoch, bytes }) => ['set', rosterKey(epoch), bytes]), ...behind]);
  }
}

/** On top of a step, with the key of a server's disk; `as`: in this name. */
export function forgeStep(
  thief: Pick<LiveServer, 'name' | 'dataDir'>,
  on: RosterStep,
  operations: readonly Operation[],
  as = thief.name,
): RosterStep {
  const { clusterId, epoch, digest: parent } = on;
  const draft = { clusterId, epoch: epoch + 1, parent, signer: as, time: nowSeconds(), operations };
  return signStep(draft, stolenKey(thief.dataDir));
}
