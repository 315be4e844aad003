/**
 * The building of a package as a person follows it. The server says nothing until the package is put together, so that
 * collecting and assembling are one step here; the rest the page sees with its own eyes.
 */
import type { PackageBuild, PackageOrder, Transfer } from './package-api.ts';
import { bytes } from './quantities.ts';

const STEPS = ['assemble', 'download', 'compare', 'ready'] as const;
type Step = (typeof STEPS)[number];

export interface Built {
  readonly record: PackageBuild;
  readonly file: Blob;
  /** Its SHA-256 is the one that the server wrote down; false: this browser could not compute it. */
  readonly isCompared: boolean;
}

export type Building =
  | { readonly phase: 'idle' | 'cancelled' }
  | {
      readonly phase: 'assemble' | 'compare';
      readonly order: PackageOrder;
      readonly sinceMs: number;
      readonly transfer: Transfer | null;
    }
  | {
      readonly phase: 'download';
      readonly order: PackageOrder;
      readonly sinceMs: number;
      readonly transfer: Transfer;
    }
  | { readonly phase: 'failed'; readonly order: PackageOrder; readonly at: Step; readonly error: Error }
  | { readonly phase: 'ready'; readonly built: Built };

export interface StepLine {
  readonly name: string;
  readonly state: 'done' | 'now' | 'next';
  readonly detail?: string;
}

const NAMES: Readonly<Record<Step, string>> = {
  assemble: 'The server collects and assembles',
  download: 'Download to this page',
  compare: 'Compare the SHA-256 with the server’s',
  ready: 'Ready',
};

function transferWords({ received, total }: Transfer): string {
  return total === null ? bytes(received) : `${bytes(received)} of ${bytes(total)}`;
}

export type Running = Extract<Building, { phase: 'assemble' | 'download' | 'compare' }>;

export const isRunning = (building: Building): building is Running =>
  building.phase === 'assemble' || building.phase === 'download' || building.phase === 'compare';

export function stepLines({ phase, transfer }: Running): readonly StepLine[] {
  const now = STEPS.indexOf(phase);
  return STEPS.map((step, index) => ({
    name: NAMES[step],
    state: index < now ? 'done' : index === now ? 'now' : 'next',
    ...(step === 'download' && transfer && { detail: transferWords(transfer) }),
  }));
}

/** For who hears the page: once a step, not once a megabyte. */
export function announcement(building: Building): string {
  if (isRunning(building)) return `${NAMES[building.phase]} …`;
  if (building.phase === 'ready') return 'The package is ready.';
  return building.phase === 'cancelled' ? 'Cancelled. Nothing was kept.' : '';
}

/** Where it failed, as the beginning of a sentence. */
export const failedAt = (step: Step): string =>
  step === 'assemble' ? 'The package was not built' : 'The package did not arrive whole';
