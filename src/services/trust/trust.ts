/**
 * Who belongs to this cluster, and how this node stands in it: the roster with all that follows from it, which is
 * admission, the keyring, and the rotation of the secret.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { speaks } from '../../membership/failure-detector.ts';
import type { Member } from '../../membership/member-table.ts';
import type { Roster } from '../../membership/roster.ts';
import { type OwnStanding, type RosterState, waiting } from '../../membership/roster-trouble.ts';
import type { HeartbeatBody } from '../../protocol/heartbeat.ts';
import type { Keyring } from '../../protocol/keyring.ts';
import { isProvedBy, rosterProof } from '../../protocol/roster-proof.ts';
import type { Admission, RosterLevel, RosterMember, RosterStep } from '../../protocol/roster-step.ts';
import type { RosterDisk, RosterStore } from '../../store/roster-store.ts';
import type { SecurityLine } from '../security/security-line.ts';
import { AdmissionBySecret } from './admission.ts';
import { HeldSecrets, type SecretRest } from './held-secrets.ts';
import { KeyRotation } from './key-rotation.ts';
import { issueAgain } from './lost-steps.ts';
import type { PasswordWatch } from './password-watch.ts';
import { RosterKeeper } from './roster-keeper.ts';
import type { RosterPin } from './roster-rivalry.ts';

export interface TrustParts {
  readonly shared: RosterStore;
  readonly disk: RosterDisk;
  readonly clock: Clock;
  readonly log: Log;
  readonly keyring: Keyring;
  readonly secretRest: SecretRest;
  readonly self: RosterMember;
  readonly signingKey: KeyObject;
  readonly sealingKey: KeyObject;
  readonly pins: readonly RosterPin[];
  /** For a roster that this node founds. */
  readonly admission: Admission;
  readonly level: RosterLevel;
  /** Whether what is changed by hand was changed. */
  readonly passwords: PasswordWatch;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The others, as this node sees them. */
  readonly members: () => readonly Member[];
  /** A twin speaks for this node, and so writes its steps. */
  readonly isSilent: () => boolean;
  readonly onChange: (roster: Roster) => void;
  /** A step that this node wrote counts. */
  readonly onOwnStep: (step: RosterStep) => void;
}

/** Intervals without an answer of the registry, after which the chain is read before a word is said. */
const STALE_INTERVALS = 2;
/** Looks in a row at which somebody alive holds more than we, before everything is compared. Arbitrary. */
const BEHIND_LOOKS = 3;

export class Trust {
  readonly #parts: TrustParts;
  readonly keeper: RosterKeeper;
  readonly rotation: KeyRotation;
  readonly #admission: AdmissionBySecret;
  readonly #secrets: HeldSecrets;
  readonly #rare: RateLimitedLog;
  #looksBehind = 0;
  #isRunning = false;

  constructor(parts: TrustParts) {
    const { keyring, self } = parts;
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
    const nodeId = self.node_id;
    this.#secrets = new HeldSecrets({ ...parts, nodeId, rest: parts.secretRest });
    this.keeper = new RosterKeeper({
      ...parts,
      nodeId,
      clusterId: keyring.clusterId,
      isProved: (steps) => isProvedBy(keyring, steps),
      peerEpochs: () => this.#peerEpochs(),
      onLost: (steps) =>
        void issueAgain(steps, { ...parts, nodeId, keeper: this.keeper, rotation: this.rotation }),
      onChange: async (roster) => {
        await this.#secrets.follow(roster);
        await parts.passwords.follow(this.keeper.steps, this.#isRunning);
        parts.onChange(roster);
      },
    });
    this.#admission = new AdmissionBySecret({ ...parts, keeper: this.keeper, nodeId });
    this.rotation = new KeyRotation({ ...parts, keeper: this.keeper, nodeId });
  }

  /** After a compromise: what people have to change. */
  get passwordLines(): SecurityLine[] {
    return this.#parts.passwords.lines();
  }

  get roster(): Roster | null {
    return this.keeper.roster;
  }

  get state(): RosterState {
    const { trouble, isUnsaved, isContested } = this.keeper;
    const { lacks, unwritten } = this.#secrets;
    const { self } = this.#parts;
    return {
      trouble,
      isUnsaved,
      isContested,
      lacksSecret: lacks,
      unwrittenSecret: unwritten,
      admission: this.#otherAdmission,
      admits: this.roster?.admission ?? null,
      isNameTaken: this.#isNameTaken,
      standing: this.standing,
      self: self.node_id,
    };
  }

  /** It has read the registry to its end since it started: what it does not know, there is not. */
  get isInformed(): boolean {
    return this.keeper.syncedAtMs !== null;
  }

  /** For our heartbeats. */
  get held(): HeartbeatBody['roster'] {
    const { roster } = this;
    return roster === null ? undefined : { epoch: roster.epoch, hash: roster.digest };
  }

  /** Before the first write: what happened while this node was away. Rejects with roster_invalid. */
  async start(): Promise<void> {
    await this.keeper.load();
    await this.sync().catch((error: unknown) => {
      // freshen() asks before the first word
      if (!(error instanceof AtlasError) || error.code !== 'member_store_unavailable') throw error;
    });
    this.#isRunning = true;
  }

  /** Before the last word: once this resolves, this node writes no step any more. */
  stop(): Promise<void> {
    return this.keeper.stop();
  }

  /** Rejects with member_store_unavailable. */
  async sync(): Promise<void> {
    await this.keeper.sync();
    if (this.keeper.isVacant) await this.#found();
  }

  /** Before a word is said after a sleep: it may have been evicted, or the secret changed. Rejects as sync(). */
  async freshen(): Promise<void> {
    // Once more when it slept in the middle of that, and no oftener: a slow backend is no reason to be silent.
    for (let asked = 0; asked < 2 && this.#isStale; asked += 1) await this.sync();
  }

  get #isStale(): boolean {
    const { clock, intervalMs } = this.#parts;
    const { syncedAtMs } = this.keeper;
    return syncedAtMs === null || clock.monotonicMs() - syncedAtMs > STALE_INTERVALS * intervalMs;
  }

  /** After each look at the others. Never rejects. */
  async afterLook(): Promise<void> {
    const epoch = this.roster?.epoch ?? -1;
    this.#looksBehind = this.#peerEpochs().some((theirs) => theirs > epoch) ? this.#looksBehind + 1 : 0;
    if (this.#looksBehind >= BEHIND_LOOKS) this.keeper.suspect();
    if (this.roster !== null && this.keeper.isSeen) this.#secrets.keep(this.roster);
    this.#sayWhyOutside();
    this.rotation.noteUnheard();
    if (!this.#parts.isSilent()) await this.rotation.drive();
  }

  claim(member: RosterMember): void {
    if (!this.#parts.isSilent()) void this.#admission.claim(member);
  }

  /** A node with no roster yet waits for one. */
  get standing(): OwnStanding {
    const { node_id: nodeId, identity_key: key } = this.#parts.self;
    const { roster } = this;
    if (roster?.evicted.has(nodeId) || roster?.banned.has(key)) return 'evicted';
    return roster?.members.get(nodeId)?.identity_key === key ? 'member' : 'waiting';
  }

  get #isNameTaken(): boolean {
    const { node_id: nodeId, identity_key: key } = this.#parts.self;
    const member = this.roster?.members.get(nodeId);
    return member !== undefined && member.identity_key !== key;
  }

  /** Where waiting does not help. */
  #sayWhyOutside(): void {
    const { state } = this;
    if (state.standing !== 'waiting' || (state.admits !== 'ticket' && !state.isNameTaken)) return;
    const { sentence, mend } = waiting(state);
    this.#rare.once('outside', (times) =>
      this.#parts.log.warn('cluster.roster.outside', sentence, { hint: mend, times }),
    );
  }

  get #otherAdmission(): RosterState['admission'] {
    const { admission: wished } = this.#parts;
    const counts = this.roster?.admission ?? wished;
    // The other way round is how a cluster is after a compromise.
    return wished === 'ticket' && counts === 'secret' ? { wished, counts } : null;
  }

  #peerEpochs(): number[] {
    return this.#parts
      .members()
      .flatMap(({ state, heartbeat }) => (speaks(state) ? (heartbeat?.roster?.epoch ?? []) : []));
  }

  async #found(): Promise<void> {
    const { keyring, self: member, admission, level, log } = this.#parts;
    const key = keyring.signing;
    const proof = rosterProof(key, member.identity_key);
    const founding = { member, admission, level, key_id: key.keyId, proof };
    const founded = await this.keeper.found({ op: 'found', ...founding });
    if (founded)
      log.info('cluster.roster.founded', 'Founded the roster of this cluster', {
        cluster_id: keyring.clusterId,
      });
  }
}
