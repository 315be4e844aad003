/**
 * What this machine is called in config.yaml: on a Mac its local host name, which no DHCP server changes. Somebody may
 * have named it anything, and other servers show the name: it is taken as it is, or as far as a host name goes.
 */
import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { rowOf } from '../../config/schema.ts';

const TIMEOUT_MS = 5000;
const MAX_LENGTH = 63;

export function hostName(): string {
  return hostNameOf([localHostName(), hostname()]);
}

/** The first that is a host name once it has lost what is none. */
export function hostNameOf(names: readonly string[]): string {
  const { kind } = rowOf('cluster.hostname');
  return names.map(reduced).find((name) => kind.read(name, '/').ok && name !== '') ?? 'server';
}

function reduced(name: string): string {
  return name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

/** Empty where there is no such program, and where it does not answer. */
function localHostName(): string {
  const options: SpawnSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  };
  return spawnSync('/usr/sbin/scutil', ['--get', 'LocalHostName'], options).stdout?.trim() ?? '';
}
