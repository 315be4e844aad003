/**
 * `npm run faults`: breaks a real cluster in every way that quality.md names, measures, and prints what it found
 * against the bars. Progress goes to stderr, the table to stdout; the exit code is 1 when a bar was missed.
 */
import { provide } from '../scripts/provision.ts';
import { type Fault, type Pace, QUICK, SHIPPED } from './fault.ts';
import { isChosen, type Options, parseOptions, USAGE } from './options.ts';
import { type Chapter, program } from './program.ts';
import { Reaper } from './reaper.ts';
import { controls } from './sabotage/controls.ts';
import { type Figure, isHeld, jsonLine, skipped, table } from './verdict.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

/** What runs now: ended by a signal too. */
let reaper = new Reaper();

async function main(options: Options): Promise<void> {
  provide(['redis', 'haproxy', 'faketime']);
  endOnSignals();
  const pace = options.quick ? QUICK : SHIPPED;
  const chapters = options.sabotage ? [] : program().map((chapter) => chosen(chapter, options));
  const minutes = chapters
    .flatMap(({ faults }) => faults)
    .reduce((sum, { minutes }) => sum + minutes(pace), 0);
  say(`About ${Math.ceil(minutes + 2)} minutes.`);
  const figures: Figure[] = [];
  const add = (more: readonly Figure[]) => {
    figures.push(...more);
    if (options.json) for (const figure of more) process.stdout.write(`${jsonLine(figure)}\n`);
  };
  for (const chapter of chapters) await runChapter(chapter, pace, add);
  for (const control of controls(options)) {
    say(`${control.name} …`);
    add(await withReaper((own) => control.run(own)));
  }
  if (!options.json) process.stdout.write(table(figures));
  process.exitCode = isHeld(figures) && figures.length > 0 ? 0 : 1;
}

function chosen(chapter: Chapter, options: Options): Chapter {
  return { ...chapter, faults: chapter.faults.filter(({ name }) => isChosen(name, options)) };
}

async function runChapter(chapter: Chapter, pace: Pace, add: (figures: Figure[]) => void): Promise<void> {
  const reasons = new Map(chapter.faults.map((fault) => [fault, fault.skip?.()]));
  for (const [{ name }, reason] of reasons) if (reason !== undefined) add([skipped(name, reason)]);
  const faults = chapter.faults.filter((fault) => reasons.get(fault) === undefined);
  if (faults.length === 0) return;
  await withReaper(async (own) => {
    say(`Starting the stand: ${chapter.kind}`);
    const stand = await chapter.open(pace, own);
    for (const fault of faults) add(await runFault(fault, stand, pace));
  });
}

/** A fault that could not be measured is a bar missed, and the next one runs all the same. */
async function runFault(fault: Fault, stand: Parameters<Fault['run']>[0], pace: Pace): Promise<Figure[]> {
  const startedAt = performance.now();
  say(`${fault.name} (${fault.about}): about ${fault.minutes(pace).toFixed(1)} min`);
  try {
    return await fault.run(stand, pace);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`  could not be measured: ${error instanceof Error ? error.stack : reason}`);
    return [
      {
        fault: fault.name,
        figure: `measured: ${reason.split('\n')[0]}`,
        value: Number.NaN,
        unit: 's',
        bar: 0,
      },
    ];
  } finally {
    say(`  ${((performance.now() - startedAt) / 60_000).toFixed(1)} min`);
  }
}

async function withReaper<T>(work: (own: Reaper) => Promise<T>): Promise<T> {
  reaper = new Reaper();
  try {
    return await work(reaper);
  } finally {
    await reaper.close();
  }
}

function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      say(`${signal}: ending what was started`);
      reaper.close().finally(() => process.exit(1));
    });
  }
}

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`error: ${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
// A connection that a fault left hanging must not keep us.
process.stdout.write('', () => process.exit());
