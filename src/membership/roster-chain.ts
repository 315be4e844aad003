/**
 * A chain of steps that hold together, with the roster that they make. Bytes in, as much of a chain out as counts, and
 * why the next one does not.
 */
import { equalBytes } from '../base/bytes.ts';
import { type RosterStep, readStep } from '../protocol/roster-step.ts';
import { advance, foundRoster, type Roster } from './roster.ts';

/** Never empty. */
export interface Chain {
  readonly steps: readonly RosterStep[];
  readonly roster: Roster;
}

export interface Folding {
  /** Null when not even the first one counts. */
  readonly chain: Chain | null;
  /** Why the next one does not count; null when all do. */
  readonly fault: string | null;
}

/** As many of these steps as count, behind a chain or as a new one. */
export function extend(chain: Chain | null, all: readonly Uint8Array[]): Folding {
  const steps: RosterStep[] = [];
  let roster = chain?.roster ?? null;
  let fault: string | null = null;
  for (const bytes of all) {
    const reading = readStep(bytes);
    const next = reading.ok
      ? roster === null
        ? foundRoster(reading.step)
        : advance(roster, reading.step)
      : reading;
    if (!next.ok || !reading.ok) {
      fault = next.ok ? null : next.reason;
      break;
    }
    roster = next.roster;
    steps.push(reading.step);
  }
  if (roster === null) return { chain: null, fault };
  return { chain: { steps: [...(chain?.steps ?? []), ...steps], roster }, fault };
}

/** The first `length` steps; null for none. */
export function prefixOf(chain: Chain, length: number): Chain | null {
  if (length >= chain.steps.length) return chain;
  return extend(
    null,
    chain.steps.slice(0, length).map(({ bytes }) => bytes),
  ).chain;
}

/** How many steps two chains begin with in common. */
export function commonLength(one: Chain | null, other: Chain | null): number {
  const pairs = Math.min(one?.steps.length ?? 0, other?.steps.length ?? 0);
  for (let i = 0; i < pairs; i += 1) if (one?.steps[i]?.digest !== other?.steps[i]?.digest) return i;
  return pairs;
}

export function isStep(bytes: Uint8Array, step: RosterStep | undefined): boolean {
  return step !== undefined && equalBytes(bytes, step.bytes);
}
