/** What the roster says of this cluster's trust, and whether its two copies are the same. */
import { hash } from 'node:crypto';
import type { Roster } from '../../membership/roster.ts';
import type { OwnStanding } from '../../membership/roster-trouble.ts';
import type { RosterDisk, RosterStore } from '../../store/roster-store.ts';
import type { LineState, SecurityLine } from './security-line.ts';

/** Where the chain rests. */
export interface ChainCopies {
  readonly disk: Pick<RosterDisk, 'load'>;
  readonly registry: Pick<RosterStore, 'read'>;
}

export interface RosterSummary {
  epoch: number;
  /** Of its last step, hex. */
  hash: string;
  members: number;
  admission: Roster['admission'];
  level: Roster['level'];
  /** A secret that is being rotated in. */
  pending: { key_id: string; phase: string; begun_by: string } | null;
}

export function summarizeRoster({
  epoch,
  digest,
  members,
  admission,
  level,
  pending,
}: Roster): RosterSummary {
  return {
    epoch,
    hash: digest,
    members: members.size,
    admission,
    level,
    pending: pending && { key_id: pending.keyId, phase: pending.phase, begun_by: pending.by },
  };
}

export function rosterLines(roster: Roster, standing: OwnStanding): SecurityLine[] {
  return [standingLine(standing), admissionLine(roster), rotationLine(roster)];
}

const STANDINGS: Readonly<Record<OwnStanding, LineState>> = {
  member: 'pass',
  waiting: 'warn',
  evicted: 'fail',
};

function standingLine(standing: OwnStanding): SecurityLine {
  return {
    code: 'standing',
    group: 'roster',
    state: STANDINGS[standing],
    what: 'This server, by the roster',
    expected: 'member',
    seen: standing,
    mend: standing === 'member' ? null : 'See the findings of atlas-fleet cluster status.',
  };
}

function admissionLine({ admission }: Roster): SecurityLine {
  const byTicket = admission === 'ticket';
  return {
    code: 'admission',
    group: 'roster',
    state: byTicket ? 'pass' : 'info',
    what: 'What lets a new server in',
    expected: null,
    seen: byTicket ? 'a ticket, once' : 'the cluster secret, whoever holds it',
    mend: null,
  };
}

function rotationLine({ pending }: Roster): SecurityLine {
  return {
    code: 'rotation',
    group: 'roster',
    state: 'info',
    what: 'A change of the cluster secret under way',
    expected: null,
    seen: pending === null ? 'none' : `${pending.keyId}: ${pending.phase}, begun by ${pending.by}`,
    mend: null,
  };
}

type Copy = 'same' | 'ahead' | 'other' | 'missing' | 'away';

/** Both copies at the step this server believes to be the last. A registry that is one ahead is read at the next look. */
export async function headLines({ epoch, digest }: Roster, copies: ChainCopies): Promise<SecurityLine[]> {
  const [disk, registry] = await Promise.all([
    lookAt(onDisk(copies.disk, epoch), digest),
    lookAt(inRegistry(copies.registry, epoch), digest),
  ]);
  const mend =
    'It is mended at the next look; if this stays, see the findings of atlas-fleet cluster status.';
  return [
    headLine('head_disk', 'on the disk', disk, mend),
    headLine('head_registry', 'in the registry', registry, mend),
  ];
}

/** The last step that counts here, and whatever follows it. */
async function onDisk(disk: ChainCopies['disk'], epoch: number): Promise<readonly Uint8Array[]> {
  const { steps } = await disk.load();
  return steps.slice(epoch);
}

async function inRegistry(registry: ChainCopies['registry'], epoch: number): Promise<Uint8Array[]> {
  const places = await registry.read(epoch, 2);
  return places.map((place) => (place.kind === 'bytes' ? place.bytes : new Uint8Array()));
}

async function lookAt(reading: Promise<readonly Uint8Array[]>, digest: string): Promise<Copy> {
  const steps = await reading.catch(() => null);
  if (steps === null) return 'away';
  const [head, next] = steps;
  if (head === undefined) return 'missing';
  if (hash('sha256', head, 'hex') !== digest) return 'other';
  return next === undefined ? 'same' : 'ahead';
}

const COPIES: Readonly<Record<Copy, string>> = {
  same: 'the same',
  ahead: 'the same, and a newer one',
  other: 'another one',
  missing: 'missing',
  away: 'cannot be read now',
};

function headLine(code: string, where: string, copy: Copy, mend: string): SecurityLine {
  const isGood = copy === 'same' || copy === 'ahead';
  return {
    code,
    group: 'roster',
    state: isGood ? 'pass' : 'warn',
    what: `The last step of the roster ${where}`,
    expected: 'the one this server goes by',
    seen: COPIES[copy],
    mend: isGood ? null : mend,
  };
}
