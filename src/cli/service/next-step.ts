/** What the person who installs reads last, in Terminal and in /var/log/install.log: no value that is a secret. */
import { addressOf } from '../../address.ts';
import { VERSION } from '../program.ts';
import type { Installed, Prepared } from './prepare.ts';

export function nextStep(
  { root, kind, carryOver }: Installed,
  { isNew, loaded, toFillIn }: Prepared,
): string {
  const program = `sudo ${root}/bin/atlas-fleet`;
  const what = kind === 'agent' ? 'Fleet Agent' : 'Fleet Server';
  if (toFillIn.length > 0) {
    return [
      `${what} ${VERSION} is installed, and waits to be told where it reports.`,
      `Fill in ${toFillIn.join(', ')} in ${root}/config.yaml, where each stands behind a #,`,
      'and agent.pins, unless public authorities vouch for the servers.',
      'The agent starts by itself within half a minute of that.',
      `Check it: ${program} config check --role agent`,
    ].join('\n');
  }
  if (loaded === null)
    return `${what} ${VERSION} is installed. Its config.yaml has errors: ${program} config check`;
  const { config } = loaded;
  const source = isNew ? 'the configuration of the package' : 'the configuration that was here';
  const head = [
    `${what} ${VERSION} is installed and starts, with ${source}.`,
    ...(carryOver === undefined ? [] : wayBack(root, carryOver)),
  ].join('\n');
  const log = `Its log: ${config.log.file ?? 'see its LaunchDaemon'}`;
  if (kind === 'agent') return [head, `It reports to: ${config.agent.servers.join(', ')}`, log].join('\n');
  const { url } = addressOf(config);
  const next =
    isNew && kind === 'standalone'
      ? `Next: open ${url}/setup, with the code of: ${program} user setup-code`
      : `Next: open ${url}${config.cluster.enabled ? '/settings/cluster' : ''}`;
  return [head, next, log].join('\n');
}

function wayBack(root: string, before: string): string[] {
  return [
    `The configuration that was here is kept as ${before}, with its secrets. To go back to it:`,
    `sudo mv ${before} ${root}/config.yaml, then install what it ran by, built to keep what is there.`,
  ];
}
