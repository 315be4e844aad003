/**
 * Changes the cluster secret while the cluster runs (docs/protocol/rotation.md). Whoever begins it may die: each step
 * is written by any member that sees its condition hold, and what a step says is in the roster.
 */
import type { Clock } from '../../base/clock.ts';
import { AtlasError, reasonOf } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import type { Secret } from '../../base/secret.ts';
import type { Member } from '../../membership/member-table.ts';
import type { Roster } from '../../membership/roster.ts';
import {
  nextRotationStep,
  stillUnheard,
  type Unheard,
  type Witness,
  witnessesOf,
} from '../../membership/rotation.ts';
import { leavingKey } from '../../membership/secret-phase.ts';
import { generateSecretText, type Keyring, parseSecret } from '../../protocol/keyring.ts';
import { rosterProof } from '../../protocol/roster-proof.ts';
import type { Envelope, Operation, RosterMember } from '../../protocol/roster-step.ts';
import type { RosterKeeper } from './roster-keeper.ts';
import { sealForNextStep } from './secret-envelope.ts';

export interface KeyRotationParts {
  readonly keeper: RosterKeeper;
  readonly keyring: Keyring;
  readonly nodeId: string;
  readonly timeoutMs: number;
  readonly members: () => readonly Member[];
  readonly clock: Clock;
  readonly log: Log;
}

/** The members that stay, by id and identity key, as the operator confirmed them. */
export type Kept = ReadonlyMap<string, string>;

export class KeyRotation {
  readonly #parts: KeyRotationParts;
  readonly #rare: RateLimitedLog;
  /** The present phase, by the epoch that began it, and since when (monotonic) this node knows it. */
  #phase: { readonly epoch: number; readonly sinceMs: number } | null = null;
  #isDriving = false;
  #unheard: Unheard = new Map();

  constructor(parts: KeyRotationParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
  }

  /** Rejects with rotation_runs, and as RosterKeeper.propose(). */
  async begin(): Promise<Roster> {
    const secret = this.#makeSecret();
    return this.#propose(async (roster) => {
      if (roster.pending !== null) throw running(roster);
      return [await prepare(roster, [...roster.members.values()], secret, false)];
    });
  }

  /**
   * After a leak: everybody who is not kept is evicted, admission needs a ticket, and the secret is another one, all in
   * one step, with which the fold revokes all open tickets. Rejects with keep_list_wrong, and as RosterKeeper.propose().
   */
  async beginAfterCompromise(kept: Kept): Promise<Roster> {
    const secret = this.#makeSecret();
    return this.#propose(async (roster) => {
      checkKept(kept, roster, this.#parts.nodeId);
      const stay = [...roster.members.values()].filter(({ node_id }) => kept.has(node_id));
      const go = [...roster.members.keys()].filter((nodeId) => !kept.has(nodeId));
      const { keyId } = secret.key;
      return [
        { op: 'admission', admission: 'ticket' },
        ...go.map((node_id) => ({ op: 'evict', node_id }) as const),
        await prepare(roster, stay, secret, true),
        { op: 'activate_secret', key_id: keyId, proof: rosterProof(secret.key, roster.digest) },
        { op: 'retire_secret', key_id: roster.keyId },
      ];
    });
  }

  /** Back to the secret that counted before. Rejects with rotation_none, and as RosterKeeper.propose(). */
  async abandon(): Promise<Roster> {
    return this.#propose(({ pending }) => {
      if (pending === null || pending.phase === 'abandoned')
        throw new AtlasError('rotation_none', 'no rotation is under way that could be abandoned');
      return [{ op: 'abandon_secret', key_id: pending.keyId }];
    });
  }

  /** After each look, and noteUnheard(): writes the next step when its condition holds. Never rejects. */
  async drive(): Promise<void> {
    const { keeper, nodeId, log } = this.#parts;
    const { roster } = keeper;
    if (this.#isDriving || roster === null || this.#next(roster) === null) return;
    this.#isDriving = true;
    try {
      const after = await keeper.propose((now) =>
        now.members.has(nodeId) ? this.#operationFor(now, this.#next(now)) : null,
      );
      if (after !== null)
        log.info('cluster.rotation.step', 'Took the rotation of the cluster secret one step on', {
          epoch: after.epoch,
          phase: after.pending?.phase ?? 'done',
        });
    } catch (error) {
      this.#rare.once('drive', (times) =>
        log.warn('cluster.rotation.waits', 'The next step of the rotation was not written; trying again', {
          ...reasonOf(error),
          times,
        }),
      );
    } finally {
      this.#isDriving = false;
    }
  }

  /** After each look at the others. A rotation gives each that was not heard yet a timeout of its own. */
  noteUnheard(): void {
    const { keeper, clock, members } = this.#parts;
    const isUnderWay = (keeper.roster?.pending ?? null) !== null;
    this.#unheard = stillUnheard(this.#unheard, isUnderWay ? members() : [], clock.monotonicMs());
  }

  /** The others, as the next step is judged by them now. */
  witnesses(): Witness[] {
    const { clock, members, timeoutMs } = this.#parts;
    return witnessesOf(members(), this.#unheard, { nowMs: clock.monotonicMs(), timeoutMs });
  }

  #next(roster: Roster): 'activate' | 'retire' | null {
    const { clock, timeoutMs, keyring } = this.#parts;
    const { pending } = roster;
    if (pending === null) return null;
    if (this.#phase?.epoch !== pending.epoch)
      this.#phase = { epoch: pending.epoch, sinceMs: clock.monotonicMs() };
    if (keyring.secretOf(pending.keyId) === undefined) return null; // somebody who has it will
    const heldForMs = clock.monotonicMs() - this.#phase.sinceMs;
    return nextRotationStep(roster, this.witnesses(), { heldForMs, windowMs: timeoutMs });
  }

  #operationFor(roster: Roster, next: 'activate' | 'retire' | null): Operation[] | null {
    const keyId = roster.pending?.keyId ?? '';
    if (next === 'activate') {
      const secret = this.#parts.keyring.secretOf(keyId);
      if (secret === undefined) return null;
      const proof = rosterProof(this.#parts.keyring.hold(secret), roster.digest);
      return [{ op: 'activate_secret', key_id: keyId, proof }];
    }
    const leaving = next === 'retire' ? leavingKey(roster) : null;
    return leaving === null ? null : [{ op: 'retire_secret', key_id: leaving }];
  }

  #makeSecret() {
    const parsed = parseSecret(generateSecretText());
    if (!parsed.ok) throw new TypeError('a fresh secret is a good one');
    return { secret: parsed.secret, key: this.#parts.keyring.hold(parsed.secret) };
  }

  async #propose(make: (roster: Roster) => Operation[] | Promise<Operation[]>): Promise<Roster> {
    const { keeper, nodeId } = this.#parts;
    const roster = await keeper.propose((now) => {
      if (now.members.has(nodeId)) return make(now);
      throw new AtlasError('roster_refused', `${nodeId} is no member of the cluster`);
    });
    if (roster === null) throw new TypeError('a rotation always has something to say');
    return roster;
  }
}

type FreshSecret = { readonly secret: Secret; readonly key: ReturnType<Keyring['hold']> };

async function prepare(
  roster: Roster,
  members: readonly RosterMember[],
  { secret, key }: FreshSecret,
  compromise: boolean,
): Promise<Operation> {
  const sealed: Record<string, Envelope> = {};
  for (const member of members) sealed[member.node_id] = await sealForNextStep(secret, member, roster);
  return { op: 'prepare_secret', key_id: key.keyId, compromise, sealed };
}

/** Named with their keys, so that nobody is kept whom the operator has not seen. */
function checkKept(kept: Kept, { members }: Roster, self: string): void {
  const wrong = (sentence: string, hint: string) => new AtlasError('keep_list_wrong', sentence, { hint });
  if (!kept.has(self))
    throw wrong(`${self}, which is asked, is not on the list`, 'ask a server that is to stay, or add it');
  for (const [nodeId, identityKey] of kept) {
    const member = members.get(nodeId);
    const hint = 'see atlas-fleet cluster roster';
    if (member === undefined) throw wrong(`there is no member ${JSON.stringify(nodeId)}`, hint);
    if (member.identity_key !== identityKey) throw wrong(`${nodeId} has another key by now`, hint);
  }
}

function running({ pending }: Roster): AtlasError {
  const since = new Date((pending?.since ?? 0) * 1000).toISOString();
  return new AtlasError('rotation_runs', `a rotation is under way since ${since}, begun by ${pending?.by}`, {
    hint: 'it goes on by itself; try again when atlas-fleet cluster rotation says that none is under way, as a rule within one node_timeout after all live servers sign with the new secret',
  });
}
