/** `atlas-fleet runtime`: the Node for Macs that packages carry, brought from npm once and kept in the cache. */
import { Command, Option } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import { MACHINES, type Machine, type MachO, machinesOf } from '../../installer/macho.ts';
import { ARCHITECTURES, type Architecture } from '../../installer/program.ts';
import { PROGRAM_FOLDER } from '../../place.ts';
import type { RuntimePin } from '../../program/manifest.ts';
import { Progress } from '../progress.ts';
import { beginRun } from '../shutdown.ts';
import { printJson, printTable, say } from '../terminal.ts';

interface FetchFlags {
  readonly arch: Architecture;
  readonly from?: readonly string[];
  readonly json?: boolean;
}

const KINDS: Readonly<Record<Machine, string>> = { arm64: 'Apple silicon', x64: 'Intel' };

export function runtimeCommand(): Command {
  const runtime = new Command('runtime').description('the Node for Macs that packages carry');
  runtime
    .command('fetch')
    .description('bring it from npm, check it and prepare it for packages')
    .addOption(new Option('--arch <arch>', 'for which Macs').choices(ARCHITECTURES).default('universal'))
    .addOption(new Option('--from <file...>', 'what npm pack wrote elsewhere').conflicts('arch'))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nKept in $ATLAS_FLEET_CACHE, or where this system keeps such things.')
    .action(fetchRuntimes);
  runtime
    .command('list')
    .description('what is here, and for which Macs')
    .option('--json', 'print JSON')
    .action(listRuntimes);
  return runtime;
}

/** What the commands need is loaded when one of them runs. */
async function openRuntimes() {
  const [{ readManifest }, { openCache }, { bringRuntime, keepTarball }] = await Promise.all([
    import('../../program/manifest.ts'),
    import('../../program/open-program.ts'),
    import('../../program/bring-runtime.ts'),
  ]);
  const { runtimes } = await readManifest(PROGRAM_FOLDER);
  return { pins: runtimes, cache: openCache(), bringRuntime, keepTarball };
}

async function fetchRuntimes({ arch, from, json }: FetchFlags): Promise<void> {
  const { pins, cache, bringRuntime, keepTarball } = await openRuntimes();
  const { npm } = cache;
  const ending = new AbortController();
  const cancelled = new AtlasError('usage', 'cancelled', { hint: 'Nothing half is left. Run it again.' });
  beginRun().ended.then(() => ending.abort(cancelled));
  const kept = await Promise.all((from ?? []).map((path) => keepTarball(path, { npm, pins })));
  const wanted = from === undefined ? machinesOf(arch) : kept;
  const brought: object[] = [];
  for (const machine of wanted) {
    const pin = pins[machine];
    let progress: Progress | undefined;
    if (!json)
      say(`Bringing Node ${pin.version} for ${KINDS[machine]}: it is fetched, checked and prepared…`);
    const { about, node } = await bringRuntime(pin, {
      npm,
      signal: ending.signal,
      onStart: (total) => {
        progress = new Progress(`Node ${pin.version} for ${KINDS[machine]}`, total);
      },
      onBytes: (count) => progress?.add(count),
    }).finally(() => progress?.end());
    brought.push({ ...shownOf(machine, pin, about), size: node.size, sha256: node.sha256 });
    if (!json) say(`Node ${pin.version} for ${KINDS[machine]}: ${wordsOf(about)}.`);
  }
  if (json) printJson({ cache: cache.path, items: brought });
  else say(`Kept in ${cache.path}.`);
}

async function listRuntimes({ json }: { json?: boolean }): Promise<void> {
  const { pins, cache } = await openRuntimes();
  const items = await Promise.all(
    MACHINES.map(async (machine) => {
      const [pin, tarball] = [pins[machine], await cache.npm.find(pins[machine])];
      const about = tarball === undefined ? null : await cache.npm.about(pin);
      return { ...shownOf(machine, pin, about), is_here: tarball !== undefined };
    }),
  );
  if (json) return printJson({ cache: cache.path, items });
  const rows = items.map((item) => [
    KINDS[item.machine],
    `${item.package}@${item.version}`,
    item.is_here ? 'yes' : 'no',
    item.min_macos ?? '-',
    item.signed_by ?? '-',
  ]);
  printTable(['MACS', 'NODE', 'HERE', 'MACOS', 'SIGNED BY'], rows);
}

function shownOf(machine: Machine, pin: RuntimePin, about: MachO | null) {
  return {
    machine,
    package: pin.package,
    version: pin.version,
    min_macos: about?.minMacos ?? null,
    signed_by: about?.signature?.teamId ?? null,
  };
}

function wordsOf({ minMacos, signature }: MachO): string {
  const signed = signature === null ? 'not signed' : `signed by ${signature.teamId ?? 'nobody known'}`;
  const pages = signature === null ? '' : `, ${signature.pages} pages as they were signed`;
  return `macOS ${minMacos} or newer, ${signed}${pages}`;
}
