/** `atlas-fleet service`: what the scripts of a package call on the Mac; not for people. */
import { Command, Option } from 'commander';
import { escapeControls } from '../../base/log.ts';
import { productOf } from '../../installer/product.ts';
import type { ProgramKind } from '../../installer/program.ts';
import type { Installed } from '../service/prepare.ts';
import { print } from '../terminal.ts';

const KINDS: readonly ProgramKind[] = ['server', 'standalone', 'agent'];

export function serviceCommand(): Command {
  const service = new Command('service').description('the service of an installation');
  service
    .command('prepare')
    .description('complete the configuration that a package laid down')
    .addOption(new Option('--kind <kind>', 'what the package installs').choices(KINDS).makeOptionMandatory())
    .option('--carry-over <file>', 'where the config.yaml is kept that ran here before')
    .action(prepareService);
  return service;
}

interface Flags extends Pick<Installed, 'carryOver'> {
  readonly kind: ProgramKind;
}

async function prepareService({ kind, ...flags }: Flags): Promise<void> {
  const { prepare } = await import('../service/prepare.ts');
  const { nextStep } = await import('../service/next-step.ts');
  const installed = { ...productOf(kind), ...flags };
  const lines = nextStep(installed, await prepare(installed)).split('\n');
  for (const line of lines) print(escapeControls(line));
}
