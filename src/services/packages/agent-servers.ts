/** Which servers a new agent reports to, and by which keys it knows them: pure. */

import { hostPort } from '../../base/host-text.ts';
import { AGENT_SERVERS_MAX } from '../../protocol/limits.ts';
import type { NodeRecordBody } from '../../protocol/node-record.ts';
import type { AgentServers, PackageSettings } from './package-settings.ts';

type Settings = Pick<PackageSettings, 'tls' | 'publicUrl' | 'url'>;

/**
 * Behind a public_url there may be a balancer, so that address stands for all. `wanted`: as ordered; null: as this
 * server knows them. `records`: of all servers that answer, this one first.
 */
export function agentServers(
  { tls, publicUrl, url }: Settings,
  wanted: readonly string[] | null,
  records: readonly NodeRecordBody[],
): AgentServers {
  const pins = tls === 'own' ? records.flatMap(({ tls_spki_sha256: pin }) => pin ?? []) : [];
  const others = publicUrl === null && tls !== 'off' ? records.slice(1).flatMap(addressOf) : [];
  const servers = wanted ?? [publicUrl ?? url, ...others];
  const isPinned = servers.every((server) => server.startsWith('https:'));
  return {
    servers: [...new Set(servers)].slice(0, AGENT_SERVERS_MAX),
    pins: isPinned ? [...new Set(pins)].sort() : [],
  };
}

function addressOf({ host, port }: NodeRecordBody): string[] {
  const address = URL.parse(`https://${hostPort(host, port)}`);
  return address === null ? [] : [address.origin];
}
