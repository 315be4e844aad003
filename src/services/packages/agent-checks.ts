/** What a package of an agent needs, and what its reader should know first: a line for each, pure. */
import { isNearbyName } from '../../base/host-text.ts';
import { fail, type PackageCheck, pass, warn } from './package-check.ts';

export interface AgentFacts {
  /** Base addresses, as the order or the configuration has them. */
  readonly servers: readonly { readonly url: string; readonly host: string; readonly isLocal: boolean }[];
  /** Between two reports, as ordered. */
  readonly intervalSeconds: number;
  /** Without a report, and a Mac counts as late on this server. */
  readonly lateAfterSeconds: number;
}

export function agentChecks(facts: AgentFacts): PackageCheck[] {
  return [serverAddress(facts), ...intervalChecks(facts)];
}

function serverAddress({ servers }: AgentFacts): PackageCheck {
  const local = servers.find(({ isLocal }) => isLocal);
  if (local !== undefined)
    return fail(
      'server_address',
      `Macs cannot reach ${local.url}: it means the machine that asks.`,
      'Set server.public_url to the address under which Macs reach this server, or name the servers in the order.',
    );
  const inClear = servers.find(({ url }) => url.startsWith('http:'));
  if (inClear !== undefined)
    return fail(
      'server_address',
      `${inClear.url} speaks no TLS: the API key would cross the network in clear, and agents refuse that.`,
      'Set server.tls: own, or server.public_url to the https address of what stands before this server.',
    );
  if (servers.every(({ host }) => isNearbyName(host)))
    return warn(
      'server_address',
      `The package names the servers without a domain, or in .local (${servers.map(({ host }) => host).join(', ')}): not every Mac knows such a name.`,
      'Set server.public_url to an address that the Macs reach, give this machine a name with a domain, or name the servers in the order.',
    );
  return pass(
    'server_address',
    `The agent sends its reports to ${servers.map(({ url }) => url).join(', ')}.`,
  );
}

function intervalChecks({ intervalSeconds, lateAfterSeconds }: AgentFacts): PackageCheck[] {
  if (intervalSeconds < lateAfterSeconds) return [];
  return [
    warn(
      'agent_interval',
      `This server calls a Mac late after ${lateAfterSeconds} s without a report, and this one would send one every ${intervalSeconds} s.`,
      `Order a shorter interval, or set agent.interval: ${intervalSeconds} on the servers too, and restart them.`,
    ),
  ];
}
