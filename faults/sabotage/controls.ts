/**
 * Is the stand able to see what it claims to see? Each check runs on sound servers, where it must find nothing,
 * and on sabotaged ones, where it must find something.
 */
import { fileURLToPath } from 'node:url';
import { eventually } from '../../test/scenario/eventually.ts';
import { Calm } from '../calm.ts';
import { forge } from '../faults/records-forged.ts';
import { secretsIn } from '../log-reader.ts';
import { isChosen, type Options } from '../options.ts';
import type { Reaper } from '../reaper.ts';
import { audit } from '../report-audit.ts';
import { beginRotation, RotationCourse } from '../rotation-course.ts';
import { Stand } from '../stand.ts';
import type { Figure } from '../verdict.ts';
import { SABOTAGES, type SabotageId } from './sabotages.ts';

const PRELOAD = fileURLToPath(new URL('./preload.ts', import.meta.url));
const WELL_MS = 60_000;
/** Reports acknowledged before the servers are killed. */
const REPORTS = 50;
/** In one alone nobody may happen to look between two beats. */
const ROTATIONS = 3;

export interface Control {
  readonly name: string;
  run(reaper: Reaper): Promise<Figure[]>;
}

interface Check {
  readonly backends: 'files' | 'redis';
  /** How much it found that must not be. */
  find(stand: Stand): Promise<number>;
}

const CHECKS: Readonly<Record<SabotageId, Check>> = {
  verification: { backends: 'files', find: forge },
  acknowledgement: { backends: 'files', find: lostByDeath },
  keys: { backends: 'redis', find: forbiddenCommands },
  secret: { backends: 'files', find: secretsLogged },
  overlap: { backends: 'files', find: refusedInRotations },
};

export function controls(options: Pick<Options, 'only'>): Control[] {
  return (Object.keys(SABOTAGES) as SabotageId[])
    .map((id) => ({
      name: `sabotage: ${SABOTAGES[id].name}`,
      run: (reaper: Reaper) => control(id, reaper),
    }))
    .filter(({ name }) => isChosen(name, options));
}

async function control(id: SabotageId, reaper: Reaper): Promise<Figure[]> {
  const fault = `sabotage: ${SABOTAGES[id].name}`;
  const sound = await found(id, reaper, {});
  const broken = await found(id, reaper, {
    NODE_OPTIONS: `--import ${PRELOAD}`,
    ATLAS_SABOTAGE: id,
  });
  return [
    { fault, figure: 'found on sound servers', value: sound, unit: 'count', bar: 0 },
    { fault, figure: 'found on sabotaged servers', value: broken, unit: 'count' },
    { fault, figure: 'went unnoticed', value: broken > 0 ? 0 : 1, unit: 'count', bar: 0 },
  ];
}

async function found(id: SabotageId, reaper: Reaper, env: Readonly<Record<string, string>>): Promise<number> {
  const { backends, find } = CHECKS[id];
  const stand = await Stand.open(
    { backends, intervalSeconds: 1, timeoutSeconds: 4, agents: 20, env },
    reaper,
  );
  const isSabotaged = stand.servers.map(({ process }) => process.log().includes('sabotaged: '));
  if (isSabotaged.some((one) => one !== (env.ATLAS_SABOTAGE !== undefined)))
    throw new Error(`sabotage of ${id}: it is not where it should be`);
  await stand.wellAgain(WELL_MS);
  return find(stand);
}

/** All servers die at one moment, in the middle of the work. */
async function lostByDeath(stand: Stand): Promise<number> {
  const { book } = stand.fleet;
  await eventually('reports are acknowledged', WELL_MS, () => book.acknowledgedSince(0).length >= REPORTS);
  await Promise.all(stand.servers.map(({ process }) => process.kill()));
  return audit(book.acknowledgedSince(0), await stand.stored()).lost;
}

/** By Redis' own account: commands that look at all keys, run scripts, or block. */
async function forbiddenCommands({ backends: { redis }, cluster }: Stand): Promise<number> {
  if (redis === undefined) throw new Error('this stand has no Redis');
  const sets = () => callsOf(redis.cli('info', 'commandstats'), /^cmdstat_set:/);
  const before = await sets();
  // Every server has beaten and looked twice more.
  await eventually('heartbeats', WELL_MS, async () => (await sets()) >= before + 2 * cluster.servers.length);
  return callsOf(redis.cli('info', 'commandstats'), FORBIDDEN);
}

const FORBIDDEN =
  /^cmdstat_(keys|scan|eval|evalsha|eval_ro|fcall|script|blpop|brpop|blmove|bzpopmin|bzpopmax|xread|wait)[:|]/;

async function callsOf(answer: Promise<string>, pattern: RegExp): Promise<number> {
  const lines = (await answer).split(/\r?\n/).filter((line) => pattern.test(line));
  return lines.reduce((sum, line) => sum + Number(/calls=(\d+)/.exec(line)?.[1] ?? 0), 0);
}

async function secretsLogged(stand: Stand): Promise<number> {
  const text = stand.servers.map(({ process }) => process.log()).join('\n');
  return secretsIn(text, stand.secrets);
}

/** What servers that ran all the time refused of each other. */
async function refusedInRotations(stand: Stand): Promise<number> {
  const [first] = stand.servers;
  if (first === undefined) throw new Error('this stand has no servers');
  const calm = await Calm.begin(stand);
  for (let round = 0; round < ROTATIONS; round += 1) {
    const course = await RotationCourse.before(first, WELL_MS);
    await beginRotation(first);
    if (Number.isNaN(await course.retired(stand.servers))) throw new Error('a rotation never ended');
  }
  return (await calm.disturbances()).refused;
}
