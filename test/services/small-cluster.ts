/**
 * Servers of one cluster in one process: the real services on a registry in memory. Each has a clock of its own,
 * so that it can be killed, stopped for a while, or set wrong, and a disk that outlives it.
 */
import type { Clock, Timer } from '../../src/base/clock.ts';
import type { Secret } from '../../src/base/secret.ts';
import type { NodeState } from '../../src/membership/failure-detector.ts';
import type { Member } from '../../src/membership/member-table.ts';
import type { RefusalCount } from '../../src/membership/refusal-ledger.ts';
import { type Keyring, keyIdOf } from '../../src/protocol/keyring.ts';
import { Cluster } from '../../src/services/cluster/cluster.ts';
import type { SecretRest } from '../../src/services/trust/held-secrets.ts';
import { PasswordWatch } from '../../src/services/trust/password-watch.ts';
import type { MemberStore } from '../../src/store/member-store.ts';
import { ManualClock } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';
import { FakeRegistry } from '../fakes/member-store.ts';
import { FakePasswordMarks } from '../fakes/password-marks.ts';
import { FakeRosterDisk, FakeRosterStore } from '../fakes/roster-store.ts';
import { KEYRING, Signer } from '../protocol/signer.ts';

/** The clock of one process: dies with it, stands still with it, and may be wrong. */
export class ProcessClock implements Clock {
  readonly #time: ManualClock;
  #dead = false;
  #stopped: (() => void)[] | null = null;
  /** Milliseconds by which its wall clock is ahead. */
  offsetMs = 0;

  constructor(time: ManualClock) {
    this.#time = time;
  }

  wallMs(): number {
    return this.#time.wallMs() + this.offsetMs;
  }

  monotonicMs(): number {
    return this.#time.monotonicMs();
  }

  after(ms: number, call: () => void): Timer {
    return this.#time.after(ms, () => {
      if (this.#dead) return;
      if (this.#stopped) this.#stopped.push(call);
      else call();
    });
  }

  /** kill -9. */
  kill(): void {
    this.#dead = true;
  }

  /** SIGSTOP: what falls due is done on SIGCONT. */
  stop(): void {
    this.#stopped ??= [];
  }

  continue(): void {
    const due = this.#stopped ?? [];
    this.#stopped = null;
    for (const call of due) call();
  }
}

export interface Disk {
  readonly signer: Signer;
  incarnation: number;
  readonly roster: FakeRosterDisk;
  readonly rest: FakeSecretRest;
  readonly marks: FakePasswordMarks;
  /** Set false where nothing more can be written. */
  writable: boolean;
}

/** config.yaml, as far as the secret goes. */
export class FakeSecretRest implements SecretRest {
  keyId: string;

  constructor(keyId: string) {
    this.keyId = keyId;
  }

  write(secret: Secret): void {
    this.keyId = keyIdOf(secret);
  }
}

export interface Server {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly log: FakeLog;
  readonly cluster: Cluster;
  changes: number;
}

export interface Pace {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

interface Start {
  readonly keyring?: Keyring | null;
  readonly disk?: Disk;
  readonly offsetMs?: number;
  readonly store?: MemberStore;
  readonly port?: number;
}

export class SmallCluster {
  readonly time = new ManualClock();
  readonly registry = new FakeRegistry();
  /** The chain in the shared backend, where there is a roster. */
  readonly roster = new FakeRosterStore();
  readonly pace: Pace;
  readonly #hasRoster: boolean;
  readonly #disks = new Map<string, Disk>();

  constructor(pace: Pace = { intervalMs: 10_000, timeoutMs: 30_000 }, { roster = false } = {}) {
    this.pace = pace;
    this.#hasRoster = roster;
  }

  /** What outlives a process of this name: its key and its last incarnation. */
  disk(name: string, keyring: Keyring | null = KEYRING): Disk {
    const disk = this.#disks.get(name) ?? {
      signer: new Signer(name, keyring),
      incarnation: 0,
      writable: true,
      roster: new FakeRosterDisk(),
      marks: new FakePasswordMarks(),
      rest: new FakeSecretRest(keyring?.signing.keyId ?? ''),
    };
    this.#disks.set(name, disk);
    return disk;
  }

  async start(name: string, options: Start = {}): Promise<Server> {
    const { keyring = KEYRING, offsetMs = 0, port = 8768, store = this.registry.store(name) } = options;
    const disk = options.disk ?? this.disk(name, keyring);
    const clock = new ProcessClock(this.time);
    clock.offsetMs = offsetMs;
    const log = new FakeLog();
    const nextIncarnation = async (above: number) => {
      if (!disk.writable) throw new Error('no space left on device');
      disk.incarnation = Math.max(disk.incarnation + 1, clock.wallMs(), above + 1);
      return disk.incarnation;
    };
    const server: Server = {
      name,
      clock,
      log,
      changes: 0,
      cluster: new Cluster({
        store,
        clock,
        log,
        keyring,
        nodeId: name,
        signingKey: disk.signer.key,
        ...this.pace,
        clockToleranceSeconds: 5,
        rosterStores: this.#hasRoster ? { shared: this.roster, disk: disk.roster } : null,
        rosterTerms: {
          admission: 'secret',
          level: 2,
          pins: [],
          secretRest: disk.rest,
          passwords: new PasswordWatch({
            marks: disk.marks,
            passwords: { redis: null, postgres: null },
            log,
          }),
          sealingKey: disk.signer.sealing,
        },
        describe: () => disk.signer.nodeBody({ port }),
        reportsPerMinute: () => 42,
        nextIncarnation,
        onChange: () => {
          server.changes += 1;
        },
        onOwnStep: () => undefined,
      }),
    };
    await server.cluster.start();
    return server;
  }

  /** Three servers, each started a while after the other, and long enough for all to know each other. */
  async startThree(keyring: Keyring | null = KEYRING): Promise<[Server, Server, Server]> {
    const a = await this.start('a', { keyring });
    await this.time.advance(1300);
    const b = await this.start('b', { keyring });
    await this.time.advance(2100);
    const c = await this.start('c', { keyring });
    await this.intervals(3);
    return [a, b, c];
  }

  async intervals(count: number): Promise<void> {
    await this.time.advance(count * this.pace.intervalMs);
  }

  /** Goes on in steps of a second (or less), and calls after each with how much has passed. */
  async watch(ms: number, look: (passedMs: number) => void | Promise<void>): Promise<void> {
    const step = Math.min(1000, this.pace.intervalMs / 4);
    for (let passed = step; passed <= ms; passed += step) {
      await this.time.advance(step);
      await look(passed);
    }
  }
}

export function memberOf(server: Server, nodeId: string): Member | undefined {
  return server.cluster.watch.members().find((member) => member.nodeId === nodeId);
}

export function stateOf(server: Server, nodeId: string): NodeState | 'not listed' {
  return memberOf(server, nodeId)?.state ?? 'not listed';
}

/** What a server says of all others, such as { b: 'healthy' }. */
export function statesOf(server: Server): Record<string, NodeState> {
  return Object.fromEntries(server.cluster.watch.members().map(({ nodeId, state }) => [nodeId, state]));
}

export function refusalsOf(
  server: Server,
): readonly Pick<RefusalCount, 'code' | 'nodeId' | 'slot' | 'count'>[] {
  return server.cluster.ledger.counts.map(({ code, nodeId, slot, count }) => ({ code, nodeId, slot, count }));
}
