/**
 * Lets newcomers in where the cluster secret is what a newcomer needs: an authentic node record from a key that was
 * never sent away is admitted by the first member that sees it. Who is second finds it done.
 */
import type { Clock } from '../../base/clock.ts';
import { reasonOf } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { whyNotMember } from '../../membership/newcomer.ts';
import type { Roster } from '../../membership/roster.ts';
import { isSealingKey } from '../../protocol/identity-key.ts';
import type { Keyring } from '../../protocol/keyring.ts';
import type { Operation, RosterMember } from '../../protocol/roster-step.ts';
import type { RosterKeeper } from './roster-keeper.ts';
import { sealForNextStep } from './secret-envelope.ts';

export interface AdmissionParts {
  readonly keeper: RosterKeeper;
  readonly keyring: Keyring;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class AdmissionBySecret {
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
      const roster = await keeper.propose((now) => this.#operationsFor(member, now));
      if (roster !== null)
        log.info('cluster.roster.admitted', `Admitted ${name}`, {
          epoch: roster.epoch,
          key: member.identity_key,
        });
    } catch (error) {
      this.#rare.once(`claim ${name}`, (times) =>
        log.warn('cluster.roster.not_admitted', `${name} could not be admitted; trying again`, {
          ...reasonOf(error),
          times,
        }),
      );
    } finally {
      this.#underWay.delete(name);
    }
  }

  async #operationsFor(member: RosterMember, roster: Roster): Promise<Operation[] | null> {
    if (roster.admission !== 'secret' || whyNotMember(roster, member) !== null) return null;
    // One that nothing can be sealed to would stop every rotation.
    if (!isSealingKey(member.sealing_key)) return null;
    const admit = await admitting(member, roster, this.#parts.keyring);
    return admit === null ? null : [admit];
  }
}

/** While a secret is being rotated in, it is sealed for the newcomer too. Null: who does not have it leaves it to others. */
export async function admitting(
  member: RosterMember,
  roster: Roster,
  keyring: Keyring,
): Promise<Extract<Operation, { op: 'admit' }> | null> {
  if (roster.pending === null) return { op: 'admit', member };
  const secret = keyring.secretOf(roster.pending.keyId);
  if (secret === undefined) return null;
  return { op: 'admit', member, secret: await sealForNextStep(secret, member, roster) };
}
