/**
 * The usual course of a fault: all is well, it strikes, the survivors notice, it lasts, it ends, all is well
 * again. Of several rounds the worst is told. What must hold in every fault is measured by `Standards`.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { NodeState } from '../src/membership/failure-detector.ts';
import { eventually } from '../test/scenario/eventually.ts';
import type { LiveServer } from '../test/scenario/live-cluster.ts';
import type { Fault, Pace } from './fault.ts';
import { LogReader } from './log-reader.ts';
import { type Sign, type Told, watchForSign } from './signs.ts';
import type { Stand } from './stand.ts';
import { Standards } from './standards.ts';
import type { Absence } from './state-witness.ts';
import type { Figure } from './verdict.ts';

/** Milliseconds in which a stand must be well before it is struck, or nothing that follows means anything. */
const WELL_MS = 120_000;
/** Milliseconds after its bar for which a recovery is waited for, so that the table says how late it was. */
const RECOVERY_WAIT_MS = 90_000;
const RECOVERY_BAR_SECONDS = 5;

export interface Wound {
  /** Whom it hits; nobody else may be called offline by anybody. */
  readonly victim?: LiveServer;
  /** What the others must come to say of it. */
  readonly becomes?: NodeState;
  /** From the strike on, or from when the others have seen it. */
  readonly told?: { readonly since: 'strike' | 'seen'; readonly sign: Sign };
  /** What had to be measured between strike and end. */
  readonly more?: () => Figure[];
  /** Resolves at the moment at which the fault is over. */
  heal(): Promise<unknown>;
}

export interface OrdealPlan extends Omit<Fault, 'run'> {
  readonly rounds?: (pace: Pace) => number;
  /** Milliseconds, or until the others have seen it. */
  readonly lasts: ((pace: Pace) => number) | 'until seen';
  /** While it lasts agents cannot report, and spool: their gap counts only once it is over. */
  readonly spools?: boolean;
  strike(stand: Stand): Promise<Wound>;
}

interface Round {
  /** Seconds; NaN: never. Absent: nothing was to be seen. */
  readonly detection?: number;
  readonly told?: Told;
  readonly recovery: number;
  readonly healedAtMs: number;
  /** Of the victim, until all was well again. */
  readonly absences: readonly Absence[];
  readonly more: readonly Figure[];
}

export function ordeal(plan: OrdealPlan): Fault {
  const run = async (stand: Stand, pace: Pace): Promise<Figure[]> => {
    if (Number.isNaN(await stand.wellAgain(WELL_MS))) return [neverWell(plan.name)];
    await wait(pace.intervalSeconds * 1000); // one beat of everybody since the fault before: they are two, and not one
    const standards = await Standards.begin(plan.name, stand);
    const rounds: Round[] = [];
    for (let round = 0; round < (plan.rounds?.(pace) ?? 1); round += 1) {
      rounds.push(await oneRound(plan, stand, pace));
    }
    const lastHealedMs = rounds.at(-1)?.healedAtMs ?? 0;
    const general = await standards.figures({
      absences: rounds.flatMap(({ absences }) => absences),
      ...(plan.spools && { spooledUntilMs: lastHealedMs }),
    });
    return [...ownFigures(plan, pace, rounds), ...rounds.flatMap(({ more }) => more), ...general];
  };
  return { ...plan, run };
}

async function oneRound(plan: OrdealPlan, stand: Stand, pace: Pace): Promise<Round> {
  const logs = new LogReader(stand.servers);
  const beganAtMs = performance.now();
  const wound = await plan.strike(stand);
  const struckAtMs = performance.now();
  const seen = await watched(plan, wound, { stand, pace, logs, struckAtMs });
  await wound.heal();
  const healedAtMs = performance.now();
  const recovery = (await stand.wellAgain(RECOVERY_WAIT_MS)) / 1000;
  const nodeId = wound.victim?.name;
  return {
    ...seen,
    recovery,
    healedAtMs,
    absences: nodeId === undefined ? [] : [{ nodeId, fromMs: beganAtMs, toMs: performance.now() }],
    more: wound.more?.() ?? [],
  };
}

interface Watching {
  readonly stand: Stand;
  readonly pace: Pace;
  readonly logs: LogReader;
  readonly struckAtMs: number;
}

/** From the strike to the end that the plan sets. */
async function watched(
  { lasts }: OrdealPlan,
  wound: Wound,
  { stand, pace, logs, struckAtMs }: Watching,
): Promise<Pick<Round, 'detection' | 'told'>> {
  const over = new AbortController();
  const watch = () => wound.told && watchForSign(wound.told.sign, logs, over.signal);
  const early = wound.told?.since === 'strike' ? watch() : undefined;
  const detection = await detected(stand, wound, pace, struckAtMs);
  const telling = early ?? watch();
  if (lasts === 'until seen') await Promise.race([telling, wait(2 * pace.toldSeconds * 1000)]);
  else await wait(Math.max(0, lasts(pace) - (performance.now() - struckAtMs)));
  over.abort();
  const told = await telling;
  return { ...(detection !== undefined && { detection }), ...(told && { told }) };
}

/** Seconds until the last of the others said what it must say. */
async function detected(
  stand: Stand,
  { victim, becomes }: Wound,
  pace: Pace,
  sinceMs: number,
): Promise<number | undefined> {
  if (victim === undefined || becomes === undefined) return undefined;
  const limitMs = 2 * detectionBar(pace) * 1000;
  const moment = (observer: LiveServer) =>
    eventually(`${observer.name} sees ${victim.name} ${becomes}`, limitMs, () =>
      stand.witness.firstSeen(observer.name, victim.name, becomes, sinceMs),
    ).catch(() => Number.NaN);
  const moments = await Promise.all(stand.others(victim).map(moment));
  return (Math.max(...moments) - sinceMs) / 1000;
}

const detectionBar = ({ timeoutSeconds, intervalSeconds }: Pace) => timeoutSeconds + intervalSeconds;

function ownFigures({ name }: OrdealPlan, pace: Pace, rounds: readonly Round[]): Figure[] {
  const told = rounds.flatMap((round) => round.told ?? []);
  const measured: readonly (readonly [string, readonly number[], number])[] = [
    ['seen by all others', rounds.flatMap(({ detection }) => detection ?? []), detectionBar(pace)],
    ['named in the log', told.map(({ logMs }) => logMs / 1000), pace.toldSeconds],
    ['named in health', told.flatMap(({ healthMs }) => inSeconds(healthMs)), pace.toldSeconds],
    ['all well after its end', rounds.map(({ recovery }) => recovery), RECOVERY_BAR_SECONDS],
  ];
  return measured
    .filter(([, values]) => values.length > 0)
    .map(([figure, values, bar]) => ({
      fault: name,
      figure: `${figure}${ofRounds(rounds)}`,
      value: Math.max(...values),
      unit: 's',
      bar,
    }));
}

const inSeconds = (ms: number | undefined) => (ms === undefined ? [] : [ms / 1000]);

const ofRounds = (rounds: readonly Round[]) => (rounds.length > 1 ? ` (worst of ${rounds.length})` : '');

function neverWell(fault: string): Figure {
  return { fault, figure: 'all well before it', value: Number.NaN, unit: 's', bar: WELL_MS / 1000 };
}
