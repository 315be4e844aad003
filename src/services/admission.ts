/**
 * Lets newcomers in where the cluster secret is what a newcomer needs: an authentic node record from a key that was
 * never sent away is admitted by the first member that sees it. Who is second finds it done.
 */

import type { Clock } from '../base/clock.ts';
import { AtlasError } from '../base/errors.ts';
import { type Log, RateLimitedLog } from '../base/log.ts';
import type { Roster } from '../membership/roster.ts';
import type { RosterMember } from '../protocol/roster-step.ts';
import type { RosterKeeper } from './roster-keeper.ts';

export interface AdmissionParts {
  readonly keeper: RosterKeeper;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class Admission {
  readonly #parts: AdmissionParts;
  readonly #rare: RateLimitedLog;
  /** Being admitted now: a claim is read again at each look. */
  readonly #underWay = new Set<string>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
  }

  /** Somebody proved the cluster secret and this key. Never rejects: the claim comes again. */
  async claim(member: RosterMember): Promise<void> {
    const { keeper, nodeId, log } = this.#parts;
    const { node_id: name } = member;
    if (this.#underWay.has(name) || !keeper.roster?.members.has(nodeId)) return;
    this.#underWay.add(name);
    try {
      const roster = await keeper.propose((now) =>
        mayAdmit(now, member) ? [{ op: 'admit', member }] : null,
      );
      if (roster !== null)
        log.info('cluster.roster.admitted', `Admitted ${name}`, {
          epoch: roster.epoch,
          key: member.identity_key,
        });
    } catch (error) {
      this.#rare.once(`claim ${name}`, (times) =>
        log.warn('cluster.roster.not_admitted', `${name} could not be admitted; trying again`, {
          reason: error instanceof AtlasError ? error.message : String(error),
          times,
        }),
      );
    } finally {
      this.#underWay.delete(name);
    }
  }
}

function mayAdmit({ members, evicted, banned, admission, pending }: Roster, member: RosterMember): boolean {
  const isNew = !members.has(member.node_id) && !evicted.has(member.node_id);
  return isNew && !banned.has(member.identity_key) && admission === 'secret' && pending === null;
}
