/**
 * What on the dashboard needs a person, worst first and at most eight lines. Many of one kind become one line:
 * forty Macs behind one dead switch are one piece of news.
 */
import type { Machine } from './api.ts';
import { machineAddress } from './machine-address.ts';
import { diskPercent } from './machine-figures.ts';
import { percent, span } from './quantities.ts';

const LINES_MAX = 8;
/** More than this many of one kind are told as one. */
const SINGLE_LINES_MAX = 3;
const DISK_FULL_PERCENT = 90;
const DISK_CRITICAL_PERCENT = 95;

export interface AttentionLine {
  readonly key: string;
  readonly tone: 'bad' | 'warn';
  /** The machine's own name, foreign text; null where the line is about several. */
  readonly subject: string | null;
  readonly sentence: string;
  readonly href: string;
}

interface Kind {
  readonly name: string;
  readonly concerns: (machine: Machine) => boolean;
  /** Larger is worse. */
  readonly weight: (machine: Machine) => number;
  readonly tone: (worst: Machine) => AttentionLine['tone'];
  readonly single: (machine: Machine) => string;
  readonly several: (count: number, worst: Machine) => string;
  readonly href: string;
}

const age = (machine: Machine) => machine.last_seen_age_seconds;
const fullness = (machine: Machine) => diskPercent(machine) ?? 0;

const KINDS: readonly Kind[] = [
  {
    name: 'offline',
    concerns: (machine) => machine.status === 'offline',
    weight: age,
    tone: () => 'bad',
    single: (machine) => `is offline; its last report came ${span(age(machine))} ago.`,
    several: (count, worst) => `${count} Macs are offline, the longest for ${span(age(worst))}.`,
    href: '/?status=offline',
  },
  {
    name: 'disk',
    concerns: (machine) => fullness(machine) >= DISK_FULL_PERCENT,
    weight: fullness,
    tone: (worst) => (fullness(worst) >= DISK_CRITICAL_PERCENT ? 'bad' : 'warn'),
    single: (machine) => `has a disk that is ${percent(fullness(machine))} full.`,
    several: (count, worst) =>
      `${count} Macs have a disk that is ${DISK_FULL_PERCENT} % full or more, the worst ${percent(fullness(worst))}.`,
    href: '/?sort=disk',
  },
  {
    name: 'late',
    concerns: (machine) => machine.status === 'late',
    weight: age,
    tone: () => 'warn',
    single: (machine) => `is late; its last report came ${span(age(machine))} ago.`,
    several: (count, worst) => `${count} Macs are late, the longest by a report ${span(age(worst))} old.`,
    href: '/?status=late',
  },
];

function linesOf(kind: Kind, machines: readonly Machine[]): AttentionLine[] {
  const found = machines.filter(kind.concerns).sort((a, b) => kind.weight(b) - kind.weight(a));
  const worst = found[0];
  if (!worst) return [];
  if (found.length > SINGLE_LINES_MAX) {
    return [
      {
        key: kind.name,
        tone: kind.tone(worst),
        subject: null,
        sentence: kind.several(found.length, worst),
        href: kind.href,
      },
    ];
  }
  return found.map((machine) => ({
    key: `${kind.name} ${machine.machine_id}`,
    tone: kind.tone(machine),
    subject: machine.hostname,
    sentence: kind.single(machine),
    href: machineAddress(machine.machine_id),
  }));
}

export function attention(machines: readonly Machine[]): AttentionLine[] {
  const lines = KINDS.flatMap((kind) => linesOf(kind, machines));
  const bad = lines.filter((line) => line.tone === 'bad');
  const warn = lines.filter((line) => line.tone === 'warn');
  return [...bad, ...warn].slice(0, LINES_MAX);
}
