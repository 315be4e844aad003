/** One verifier with its table and a clock of two numbers: hears bytes, looks, and says what it believes. */
import type { NodeState } from '../../src/membership/failure-detector.ts';
import { type Member, MemberTable } from '../../src/membership/member-table.ts';
import type { Keyring, RecordType } from '../../src/protocol/keyring.ts';
import { openRecord } from '../../src/protocol/record.ts';
import type { Refusal } from '../../src/protocol/refusal.ts';
import { KEYRING, NOW } from '../protocol/signer.ts';

export const PACE = { intervalMs: 10_000, timeoutMs: 30_000 };

export class Observer {
  readonly table = new MemberTable(PACE);
  readonly self = { nodeId: 'observer', incarnation: NOW * 1000 + 7 };
  readonly #keyring: Keyring | null;
  nowSeconds: number;

  constructor(nowSeconds = NOW, keyring: Keyring | null = KEYRING) {
    this.nowSeconds = nowSeconds;
    this.#keyring = keyring;
  }

  get nowMs(): number {
    return (this.nowSeconds - NOW) * 1000;
  }

  /** What a heartbeat must say in `seen` to give life. */
  get named(): { seen: Record<string, number> } {
    return { seen: { [this.self.nodeId]: this.self.incarnation } };
  }

  hear(type: RecordType, slot: string, bytes: Uint8Array): 'taken' | 'old_news' | Refusal {
    const at = { monotonicMs: this.nowMs, wallSeconds: this.nowSeconds, self: this.self };
    const opening = openRecord(bytes, {
      keyring: this.#keyring,
      type,
      slot,
      window: {
        nowSeconds: this.nowSeconds,
        maxAgeSeconds: type === 'node' ? 300 : 30,
        clockToleranceSeconds: 5,
      },
      standing: (nodeId) => this.table.standing(nodeId),
      seen: (nodeId) => this.table.seen(nodeId, type),
    });
    if (opening.ok === 'old_news') return 'old_news';
    if (opening.ok) return this.table.apply(opening.record, at) ?? 'taken';
    if (opening.wrongClock && type === 'heartbeat') {
      this.table.noteWrongClock(slot, opening.wrongClock, opening.refusal, at);
    }
    return opening.refusal;
  }

  /** Goes on by so many seconds, and looks. Returns the ghosts. */
  look(seconds = 0): string[] {
    this.nowSeconds += seconds;
    return this.table.settle(this.nowMs);
  }

  member(nodeId: string): Member | undefined {
    return this.table.members(this.nowMs).find((member) => member.nodeId === nodeId);
  }

  state(nodeId: string): NodeState | 'not listed' {
    return this.member(nodeId)?.state ?? 'not listed';
  }
}
