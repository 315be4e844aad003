/**
 * Room for machines: whoever holds the key that agents share can make some up; they end at MACHINES_MAX, and those that
 * report go on.
 */
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { MACHINES_MAX } from '../../protocol/limits.ts';
import type { ReportStore } from '../../store/report-store.ts';

const FULL_RETRY_SECONDS = 3600;

export interface MachineRoomParts {
  readonly reports: Pick<ReportStore, 'machine' | 'countMachines'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class MachineRoom {
  readonly #parts: MachineRoomParts;
  readonly #rareLog: RateLimitedLog;
  /** Machines that the store has: at most MACHINES_MAX, and some that raced in. */
  readonly #known = new Set<string>();

  constructor(parts: MachineRoomParts) {
    this.#parts = parts;
    this.#rareLog = new RateLimitedLog(parts.clock);
  }

  /** Rejects with fleet_full, for a machine that the store does not have. */
  async require(machineId: string): Promise<void> {
    if (this.#known.has(machineId)) return;
    const { reports, log } = this.#parts;
    if ((await reports.machine(machineId)) !== undefined) return this.entered(machineId);
    const total = await reports.countMachines();
    if (total < MACHINES_MAX) return;
    this.#rareLog.once('full', (times) =>
      log.error('report.fleet_full', `Report of a new machine not taken: the fleet has ${total}`, { times }),
    );
    throw new AtlasError('fleet_full', `This fleet has ${MACHINES_MAX} machines already.`, {
      hint: 'Machines that it has still report. Look for made-up ids in its list of machines.',
      retryAfterSeconds: FULL_RETRY_SECONDS,
    });
  }

  /** The store has it now. */
  entered(machineId: string): void {
    this.#known.add(machineId);
  }
}
