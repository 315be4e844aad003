/**
 * The cluster secret is changed while five servers run and the fleet reports: with everybody there, with one that
 * sleeps through it, and with one that dies as soon as it has begun it. Nobody who runs may notice.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { atlasFleet } from '../../test/cli/atlas-fleet.ts';
import type { LiveServer } from '../../test/scenario/live-cluster.ts';
import { Calm, type Disturbances } from '../calm.ts';
import type { Fault, Pace } from '../fault.ts';
import { beginRotation, RotationCourse } from '../rotation-course.ts';
import type { Stand } from '../stand.ts';
import { Standards } from '../standards.ts';
import type { Figure } from '../verdict.ts';

/** Milliseconds in which a stand must be well: before it, and after the absentee is back. */
const WELL_MS = 120_000;
const RECOVERY_BAR_SECONDS = 5;
/** A step is seen with a server's next look, at half an interval, and answered at once; the answer as well. */
const SIGN_INTERVALS = 2;
/** The writer's next look, and then the others'. */
const RETIRE_INTERVALS = 1;

interface RotationPlan extends Pick<Fault, 'name' | 'about'> {
  readonly absentee?: Absentee;
  /** At the first server. Takes the absentee away too. */
  begin(stand: Stand): Promise<unknown>;
}

/** Away from about the beginning until the others have ended it. */
interface Absentee {
  of(stand: Stand): LiveServer;
  back(server: LiveServer): Promise<unknown>;
}

const first = ({ servers }: Stand) => servers[0] as LiveServer;
const last = ({ servers }: Stand) => servers.at(-1) as LiveServer;

export const rotation = rotationOf({
  name: 'rotation',
  about: 'the cluster secret is changed by the command line of one server',
  begin: async (stand) => {
    const words = ['cluster', 'rotate-secret', '--yes', '--config', first(stand).configPath];
    const { code, stderr } = await atlasFleet(words);
    if (code !== 0) throw new Error(`rotate-secret ended with ${code}: ${stderr}`);
  },
});

export const rotationSleptThrough = rotationOf({
  name: 'rotation slept through',
  about: 'one server is stopped by SIGSTOP before it begins, and goes on by SIGCONT when it is over',
  absentee: { of: last, back: async ({ process }) => process.signal('SIGCONT') },
  begin: async (stand) => {
    last(stand).process.signal('SIGSTOP');
    await beginRotation(first(stand));
  },
});

export const rotationOrphaned = rotationOf({
  name: 'rotation orphaned',
  about: 'the server that began it is killed at once, and started again when the others have ended it',
  absentee: { of: first, back: ({ process }) => process.start() },
  begin: async (stand) => {
    await beginRotation(first(stand));
    await first(stand).process.kill();
  },
});

function rotationOf(plan: RotationPlan): Fault {
  return {
    name: plan.name,
    about: plan.about,
    stand: 'five',
    minutes: ({ intervalSeconds, timeoutSeconds }) =>
      ((plan.absentee ? 2 : 1) * timeoutSeconds + 3 * intervalSeconds) / 60,
    run: (stand, pace) => rotate(plan, stand, pace),
  };
}

/** Seconds. Who is absent is waited for until he is called offline. */
function barsOf({ absentee }: RotationPlan, { intervalSeconds, timeoutSeconds }: Pace) {
  const waiting = absentee === undefined ? 0 : timeoutSeconds + intervalSeconds;
  const signing = SIGN_INTERVALS * intervalSeconds + waiting;
  return { signing, retired: signing + timeoutSeconds + RETIRE_INTERVALS * intervalSeconds };
}

async function rotate(plan: RotationPlan, stand: Stand, pace: Pace): Promise<Figure[]> {
  const { name, absentee } = plan;
  const intervalMs = pace.intervalSeconds * 1000;
  const bars = barsOf(plan, pace);
  await stand.wellAgain(WELL_MS);
  await wait(intervalMs); // one beat of everybody since the fault before: they are two, and not one
  const away = absentee?.of(stand);
  const runners = stand.servers.filter((server) => server !== away);
  const standards = await Standards.begin(name, stand);
  const calm = await Calm.begin(stand, runners);
  const fromMs = performance.now();
  const course = await RotationCourse.before(first(stand), 2 * bars.retired * 1000);
  const [, signing, retired] = await Promise.all([
    plan.begin(stand),
    course.allSign(runners),
    course.retired(runners),
  ]);
  const healed = absentee && away ? await healing(absentee, away, course, stand) : {};
  const absences = away ? [{ nodeId: away.name, fromMs, toMs: performance.now() }] : [];
  await wait(intervalMs); // a beat of everybody under the new secret alone, and a look of everybody at it
  const own: Named = {
    'all sign with the new secret': { value: signing, unit: 's', bar: bars.signing },
    'the old secret is retired': { value: retired, unit: 's', bar: bars.retired },
    ...healed,
    ...noticed(await calm.disturbances()),
    'config.yaml without the new secret': { value: await course.unkept(stand.servers), ...NONE },
  };
  const figures = Object.entries(own).map(([figure, rest]) => ({ fault: name, figure, ...rest }));
  return [...figures, ...(await standards.figures({ absences }))];
}

type Named = Readonly<Record<string, Omit<Figure, 'fault' | 'figure'>>>;

const NONE = { unit: 'count', bar: 0 } as const;

function noticed({ refused, stateChanges, restarts }: Disturbances): Named {
  return {
    'records refused among who ran': { value: refused, ...NONE },
    'state changes among who ran': { value: stateChanges, ...NONE },
    'restarts of who ran': { value: restarts, ...NONE },
  };
}

/** From when the absentee goes on, or says that it is ready. */
async function healing(
  { back }: Absentee,
  away: LiveServer,
  course: RotationCourse,
  stand: Stand,
): Promise<Named> {
  await back(away);
  const sinceMs = performance.now();
  const [well, signing] = await Promise.all([stand.wellAgain(WELL_MS), course.allSign([away], sinceMs)]);
  const bar = { unit: 's', bar: RECOVERY_BAR_SECONDS } as const;
  return {
    'all well after it is back': { value: well / 1000, ...bar },
    'it signs with the new secret': { value: signing, ...bar },
  };
}
