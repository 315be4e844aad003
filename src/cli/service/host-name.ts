/**
 * What this machine is called in config.yaml, so that other machines find it by that name: the DNS name that an
 * administrator gave the Mac, else its name in multicast DNS, which no DHCP server changes. Somebody may have named it
 * anything: a DNS name is taken as it is, the others as far as a host name goes.
 */
import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process';
import { hostname } from 'node:os';

const TIMEOUT_MS = 5000;
/** Characters, of what may be one label (RFC 1035). */
const MAX_LENGTH = 63;

/** With a dot: a name without one is found by nobody else. */
const DNS_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$/;

/** Empty where there is none. */
export interface MachineNames {
  /** `scutil --get HostName`: set by an administrator alone. */
  readonly dns: string;
  /** `scutil --get LocalHostName`: without the `.local` under which it is found. */
  readonly local: string;
  /** As the system answers now. */
  readonly system: string;
}

export function hostName(): string {
  return hostNameFrom({ dns: scutil('HostName'), local: scutil('LocalHostName'), system: hostname() });
}

export function hostNameFrom({ dns, local, system }: MachineNames): string {
  if (DNS_NAME.test(dns)) return dns;
  const label = reduced(local);
  return label === '' ? reduced(system) || 'server' : `${label}.local`;
}

function reduced(name: string): string {
  return name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

/** Empty where there is no such program, and where it knows no such name. */
function scutil(key: 'HostName' | 'LocalHostName'): string {
  const options: SpawnSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  };
  const { status, stdout } = spawnSync('/usr/sbin/scutil', ['--get', key], options);
  return status === 0 ? stdout.trim() : '';
}
