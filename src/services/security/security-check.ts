/**
 * Is it secure? Each line is computed: tried on this server's own verifier, asked of the registry, or compared. Run
 * once after the start and then every ten minutes; what fails is a critical finding until it passes again. Nothing
 * here decides about a record, and a check that cannot run says so instead of passing.
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, type Timer, unixSeconds } from '../../base/clock.ts';
import { reasonOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Finding } from '../../membership/finding.ts';
import type { Keyring } from '../../protocol/keyring.ts';
import type { NodeRecordBody } from '../../protocol/node-record.ts';
import type { SecurityStatus } from '../../protocol/security-level.ts';
import { ownState } from '../cluster/own-state.ts';
import type { RunningCluster } from '../cluster/running-cluster.ts';
import { type BlastRadius, blastRadius } from './blast-radius.ts';
import type { Exposure } from './exposure.ts';
import { type NodeSecurity, nodeSecurity } from './node-security.ts';
import {
  levelLine,
  probeLine,
  type RegistryTerms,
  registryLines,
  undescribedLine,
} from './registry-lines.ts';
import {
  type ChainCopies,
  headLines,
  type RosterSummary,
  rosterLines,
  summarizeRoster,
} from './roster-lines.ts';
import { isAlarming, type SecurityLine } from './security-line.ts';
import { selfTest } from './self-test.ts';

/** Milliseconds between two runs. Arbitrary: what fails here fails for long, and a run costs some round trips. */
export const CHECK_INTERVAL_MS = 10 * 60_000;
/** The same while this server is no member yet, and has nothing to compare. Arbitrary. */
const SETTLING_INTERVAL_MS = 30_000;

/** What is checked in cluster mode. */
export interface CheckedCluster {
  readonly parts: RunningCluster;
  /** Null at level 1. */
  readonly keyring: Keyring | null;
  readonly signingKey: KeyObject;
  readonly describe: () => NodeRecordBody;
  readonly clockToleranceSeconds: number;
  readonly terms: RegistryTerms;
  readonly copies: ChainCopies;
}

export interface SecurityCheckParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  /** The seeds' status, as it is now. */
  readonly status: () => SecurityStatus;
  readonly exposure: Omit<Exposure, 'members' | 'admission' | 'authenticated'>;
  /** Null without cluster mode: nobody has to be proved anything. */
  readonly cluster: CheckedCluster | null;
  readonly onChange: () => void;
}

export interface SecurityReport extends SecurityStatus {
  /** When the lines were computed; null before the first time, and without cluster mode. */
  checked_at: string | null;
  checked_by: string;
  lines: SecurityLine[];
  nodes: NodeSecurity[];
  roster: RosterSummary | null;
  blast_radius: BlastRadius[];
}

interface Checked {
  readonly atMs: number;
  readonly lines: readonly SecurityLine[];
}

export class SecurityCheck {
  readonly #parts: SecurityCheckParts;
  #last: Checked | null = null;
  /** The codes of what alarmed after the last run. */
  #alarms: readonly string[] = [];
  #running: Promise<void> | null = null;
  #timer: Timer | undefined;

  constructor(parts: SecurityCheckParts) {
    this.#parts = parts;
  }

  start(): void {
    const { cluster, clock } = this.#parts;
    if (cluster === null) return;
    void this.check();
    const isSettling = cluster.parts.trust !== null && cluster.parts.trust.standing === 'waiting';
    const pauseMs = isSettling ? SETTLING_INTERVAL_MS : CHECK_INTERVAL_MS;
    this.#timer = clock.after(pauseMs, () => this.start());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Once for all who ask meanwhile. Never rejects: what cannot be asked is a line. */
  check(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** What failed so that nothing else on the page can be trusted. That authentication is off has a finding of its own. */
  get findings(): Finding[] {
    return this.#alarming().map(({ code, what, expected, seen, mend }) => ({
      code: `security_${code}`,
      severity: 'critical',
      sentence: `The security check failed. ${what}: expected ${expected ?? 'nothing'}, seen ${seen}.`,
      mend: mend ?? 'Run atlas-fleet cluster security.',
    }));
  }

  /** What was tried and read is of the last run; servers, roster, level and configuration are as they are now. */
  report(): SecurityReport {
    const { nodeId, status, cluster, exposure } = this.#parts;
    const last = this.#last;
    const roster = cluster?.parts.trust?.roster ?? null;
    const { enabled } = status();
    const members = roster === null ? [nodeId] : [...roster.members.keys()].sort();
    return {
      ...status(),
      checked_at: last === null ? null : new Date(last.atMs).toISOString(),
      checked_by: nodeId,
      lines: this.#lines(),
      nodes: cluster === null ? [] : this.#nodes(cluster),
      roster: roster && summarizeRoster(roster),
      blast_radius: blastRadius({
        ...exposure,
        members,
        authenticated: enabled,
        admission: roster?.admission ?? null,
      }),
    };
  }

  async #run(): Promise<void> {
    const { cluster, clock } = this.#parts;
    if (cluster === null) return;
    const lines = [
      ...this.#selfTest(cluster),
      ...(await copiesPart(cluster)),
      ...(await registryPart(cluster)),
    ];
    this.#last = { atMs: clock.wallMs(), lines };
    this.#compare();
  }

  /** Which lines alarm, and not how many: one may heal while another begins to fail. */
  #compare(): void {
    const { log, onChange } = this.#parts;
    const failed = this.#alarming().map(({ code }) => code);
    if (failed.join() === this.#alarms.join()) return;
    this.#alarms = failed;
    if (failed.length > 0) log.error('cluster.security.check', 'The security check failed', { failed });
    else log.info('cluster.security.check', 'The security check passes again');
    onChange();
  }

  #alarming(): SecurityLine[] {
    return this.#parts.status().enabled ? this.#lines().filter(isAlarming) : [];
  }

  #lines(): SecurityLine[] {
    const { cluster, status } = this.#parts;
    if (cluster === null) return [];
    const { trust } = cluster.parts;
    const roster = trust?.roster ?? null;
    return [
      ...(this.#last?.lines ?? []),
      levelLine(roster?.level ?? null, status().level ?? 1),
      ...(trust?.passwordLines ?? []),
      ...(trust && roster ? rosterLines(roster, trust.standing) : []),
    ];
  }

  #selfTest({ keyring, signingKey, describe, clockToleranceSeconds }: CheckedCluster): SecurityLine[] {
    const { clock, nodeId } = this.#parts;
    if (keyring === null) return [];
    const nowSeconds = unixSeconds(clock);
    return selfTest({ keyring, nodeId, signingKey, body: describe(), nowSeconds, clockToleranceSeconds });
  }

  #nodes({ parts, keyring, clockToleranceSeconds }: CheckedCluster): NodeSecurity[] {
    const { clock, nodeId } = this.#parts;
    const signs = keyring?.signing.keyId ?? null;
    const viewer = { signs, clockToleranceSeconds, refusals: parts.ledger.counts };
    const { writtenAtMs } = parts.heartbeat;
    const self = {
      nodeId,
      isThisNode: true,
      state: ownState(parts),
      signs,
      accepts: keyring?.acceptedIds ?? [],
      clockOffsetSeconds: 0,
      heartbeatAgeMs: writtenAtMs === null ? null : clock.monotonicMs() - writtenAtMs,
    } as const;
    const others = parts.watch.members().map((member) => ({
      nodeId: member.nodeId,
      isThisNode: false,
      state: member.state,
      signs: member.keyId,
      accepts: member.heartbeat?.accepts ?? [],
      clockOffsetSeconds: member.clockOffsetSeconds,
      heartbeatAgeMs: member.silentMs,
    }));
    return [self, ...others]
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1))
      .map((node) => nodeSecurity(node, viewer));
  }
}

async function copiesPart({ parts: { trust }, copies }: CheckedCluster): Promise<SecurityLine[]> {
  const roster = trust?.roster;
  return roster ? headLines(roster, copies) : [];
}

async function registryPart({ parts: { store }, terms }: CheckedCluster): Promise<SecurityLine[]> {
  const [probe, facts] = await Promise.all([
    store.probe().then(
      () => probeLine(null),
      (error: unknown) => probeLine(reasonOf(error).reason),
    ),
    store.describe().then(
      (told) => registryLines(told, terms),
      (error: unknown) => [undescribedLine(reasonOf(error).reason)],
    ),
  ]);
  return [probe, ...facts];
}
