/** A node as far as the roster goes: a keeper with a key and a disk of its own, on a backend that it shares. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Clock } from '../../src/base/clock.ts';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import {
  type Operation,
  type RosterMember,
  type RosterStep,
  signStep,
} from '../../src/protocol/roster-step.ts';
import { RosterKeeper } from '../../src/services/trust/roster-keeper.ts';
import type { RosterPin } from '../../src/services/trust/roster-rivalry.ts';
import type { RosterStore } from '../../src/store/roster-store.ts';
import { FakeLog } from '../fakes/log.ts';
import { FakeRosterDisk } from '../fakes/roster-store.ts';

export const CLUSTER = '00112233445566778899aabbccddeeff';
const KEY_ID = '0011223344556677';
const PROOF = Buffer.alloc(32, 7).toString('base64');

export class RosterNode {
  readonly keeper: RosterKeeper;
  readonly disk: FakeRosterDisk;
  readonly key: KeyObject;
  readonly member: RosterMember;
  readonly #clock: Clock;
  /** What counted here until another branch won. */
  readonly lost: RosterStep[] = [];
  /** Whose heartbeats it sees. */
  peers: readonly RosterNode[] = [];

  constructor(
    nodeId: string,
    shared: RosterStore,
    clock: Clock,
    before?: RosterNode,
    pins: readonly RosterPin[] = [],
  ) {
    this.key = before?.key ?? generateKeyPairSync('ed25519').privateKey;
    this.disk = before?.disk ?? new FakeRosterDisk();
    this.#clock = clock;
    const sealing = publicKeyText(generateKeyPairSync('x25519').privateKey);
    this.member = before?.member ?? {
      node_id: nodeId,
      identity_key: publicKeyText(this.key),
      sealing_key: sealing,
    };
    this.keeper = new RosterKeeper({
      shared,
      disk: this.disk,
      clock,
      log: new FakeLog(),
      nodeId,
      signingKey: this.key,
      clusterId: CLUSTER,
      pins,
      isProved: () => true,
      peerEpochs: () => this.peers.map(({ keeper }) => keeper.roster?.epoch ?? -1),
      intervalMs: 1000,
      timeoutMs: 3000,
      onChange: async () => undefined,
      onOwnStep: () => undefined,
      onLost: (steps) => this.lost.push(...steps),
    });
  }

  found(): Promise<boolean> {
    return this.keeper.found({
      op: 'found',
      member: this.member,
      admission: 'secret',
      level: 2,
      key_id: KEY_ID,
      proof: PROOF,
    });
  }

  admit({ member }: RosterNode) {
    return this.keeper.propose(({ members }) =>
      members.has(member.node_id) ? null : [{ op: 'admit', member }],
    );
  }

  /** A step that no keeper made. */
  forge(epoch: number, parent: string, operations: readonly Operation[]): RosterStep {
    const time = Math.floor(this.#clock.wallMs() / 1000);
    const place = { clusterId: CLUSTER, epoch, parent, signer: this.member.node_id, time };
    return signStep({ ...place, operations }, this.key);
  }

  /** So many steps on top of what this node knows, past its keeper: valid, and of no use to anybody. */
  flood(count: number, shared: { replace(epoch: number, bytes: Uint8Array): Promise<void> }): RosterStep[] {
    let { epoch = 0, digest: parent = '' } = this.keeper.roster ?? {};
    return Array.from({ length: count }, () => {
      const step = this.forge(epoch + 1, parent, [{ op: 'note', text: 'again' }]);
      void shared.replace(step.epoch, step.bytes);
      ({ epoch, digest: parent } = step);
      return step;
    });
  }

  get names(): string[] {
    return [...(this.keeper.roster?.members.keys() ?? [])];
  }
}
