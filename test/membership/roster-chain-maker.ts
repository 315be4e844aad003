/** Members with keys of their own, who sign steps on top of a roster: what a test says, they do. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Advance, advance, foundRoster, type Roster } from '../../src/membership/roster.ts';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import {
  type Operation,
  type RosterMember,
  type RosterStep,
  signStep,
} from '../../src/protocol/roster-step.ts';

export const CLUSTER = '00112233445566778899aabbccddeeff';
export const KEY_ID = '0011223344556677';
export const TIME = 1_780_000_000;
const PROOF = Buffer.alloc(32, 7).toString('base64');

/** Private keys: Ed25519 and X25519. */
export interface PersonKeys {
  readonly identity: KeyObject;
  readonly sealing: KeyObject;
}

const freshKeys = (): PersonKeys => ({
  identity: generateKeyPairSync('ed25519').privateKey,
  sealing: generateKeyPairSync('x25519').privateKey,
});

export class Person {
  readonly member: RosterMember;
  readonly #key: KeyObject;

  constructor(nodeId: string, { identity, sealing }: PersonKeys = freshKeys()) {
    this.#key = identity;
    this.member = {
      node_id: nodeId,
      identity_key: publicKeyText(identity),
      sealing_key: publicKeyText(sealing),
    };
  }

  found(admission: 'secret' | 'ticket' = 'secret'): RosterStep {
    const founding = {
      op: 'found',
      member: this.member,
      admission,
      level: 2,
      key_id: KEY_ID,
      proof: PROOF,
    } as const;
    const place = { clusterId: CLUSTER, epoch: 0, parent: null, signer: this.member.node_id, time: TIME };
    return signStep({ ...place, operations: [founding] }, this.#key);
  }

  /** `as`: another name than its own to sign under. */
  step(on: Roster, operations: readonly Operation[], as: string = this.member.node_id): RosterStep {
    const place = { clusterId: on.clusterId, epoch: on.epoch + 1, parent: on.digest, signer: as, time: TIME };
    return signStep({ ...place, operations }, this.#key);
  }
}

export const ENVELOPE = { enc: PROOF, ciphertext: 'AAAA' };
export const sealedFor = (...people: readonly Person[]) =>
  Object.fromEntries(people.map(({ member }) => [member.node_id, ENVELOPE]));
export const preparing = (keyId: string, people: readonly Person[], compromise = false): Operation => ({
  op: 'prepare_secret',
  key_id: keyId,
  compromise,
  sealed: sealedFor(...people),
});
export const activating = (keyId: string): Operation => ({
  op: 'activate_secret',
  key_id: keyId,
  proof: PROOF,
});

export function whole(advanced: Advance): Roster {
  if (!advanced.ok) throw new Error(`${advanced.fault}: ${advanced.reason}`);
  return advanced.roster;
}

/** A roster of these people, founded by the first, who also admits the others. */
export function rosterOf(founder: Person, ...others: readonly Person[]): Roster {
  return others.reduce(
    (roster, { member }) => whole(advance(roster, founder.step(roster, [{ op: 'admit', member }]))),
    whole(foundRoster(founder.found())),
  );
}
