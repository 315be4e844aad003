/** Whether a package can be built, and what stands in the way, each with the command that mends it where there is one. */
import type { HealthCheck } from './api.ts';
import type { PackageCheck, PackageKind, PackageReadiness } from './package-api.ts';
import { type Draft, lines } from './package-order.ts';

/** Addresses that mean the machine which asks. */
const LOOPBACK = /^(localhost\.?|127(\.\d+){3}|::1|0\.0\.0\.0)$/i;

const isElsewhere = (host: string): boolean => host !== '' && !LOOPBACK.test(host);

function isReachable(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? {};
  return protocol === 'https:' && isElsewhere(hostname?.replace(/^\[|\]$/g, '') ?? '');
}

/** Whether what is typed does away with a check that failed for what the configuration says. */
function isMended({ code }: PackageCheck, { defaults }: PackageReadiness, draft: Draft): boolean {
  // Without an address of Redis to replace, the registry is a folder or Sentinels.
  if (code === 'registry_address') return defaults.redis_host !== null && isElsewhere(draft.redisHost.trim());
  if (code !== 'server_address') return false;
  const servers = lines(draft.servers);
  return servers.length > 0 && servers.every(isReachable);
}

/** What has to be mended first; warnings do not stand in the way. */
export function obstacles(readiness: PackageReadiness, draft: Draft): readonly PackageCheck[] {
  return readiness.checks.filter((check) => check.result === 'fail' && !isMended(check, readiness, draft));
}

type Held = PackageReadiness['contents'][number];

/** What would be inside. Only a cluster node can carry it in more than one way. */
export function held({ kind, contents }: PackageReadiness, { credentials }: Draft): Held | undefined {
  return kind === 'cluster-node' ? contents.find((way) => way.credentials === credentials) : contents[0];
}

/** Also beside full credentials, where the cluster admits nobody without a ticket. */
export const holdsTicket = (way: Held | undefined): boolean =>
  way?.items.some(({ name }) => name === 'join_ticket') ?? false;

/** A program, at most three words and options, up to where the clause ends: prose that goes on is no command. */
const COMMAND =
  /\b(?:sudo )?(?:\/\S+\/)?atlas-fleet(?: [a-z][\w-]*(?:\.[\w-]+)*){1,3}(?: --\S+(?: [^\s-][\w./:-]*\w)?)*(?=[),;]|\.?$|\. )/g;

/** The commands that a mend names, so that they can be copied. */
export const commandsIn = (mend: string): readonly string[] => mend.match(COMMAND) ?? [];

interface Refusal {
  readonly title: string;
  readonly sentences: readonly string[];
}

/** Why there is no form at all; null when there is one. */
export function refusalOf(kind: PackageKind, health: HealthCheck | undefined): Refusal | null {
  if (kind !== 'cluster-node' || !health) return null;
  if (!health.cluster_enabled)
    return {
      title: 'There is no cluster to join yet',
      sentences: [
        'This server runs alone. A cluster node package brings one more server into a cluster, and it needs Redis and PostgreSQL at addresses that both servers reach.',
        'Standalone Server and Agent packages can be built all the same.',
      ],
    };
  if (!health.security.enabled)
    return {
      title: 'Blocked: cluster authentication is off',
      sentences: [
        'Without a cluster secret, anybody who reaches Redis could join, and a package would let in anyone who finds it.',
        'Give the cluster a secret first. Standalone Server and Agent packages can be built all the same.',
      ],
    };
  return null;
}
