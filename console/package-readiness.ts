/** Whether a package can be built, and what stands in the way, each with the command that mends it where there is one. */
import type { HealthCheck } from './api.ts';
import type { PackageCheck, PackageKind, PackageReadiness } from './package-api.ts';
import type { Draft, Faults } from './package-order.ts';

/** What has to be mended first; warnings do not stand in the way. */
export const obstacles = ({ checks }: PackageReadiness): readonly PackageCheck[] =>
  checks.filter(({ result }) => result === 'fail');

type Field = 'nodeName' | 'redisHost' | 'servers' | 'interval' | 'architecture';

/** A place where somebody goes on. */
export type Fix =
  | { readonly kind: 'field'; readonly field: Field; readonly label: string }
  | { readonly kind: 'page'; readonly href: string; readonly label: string };

const FIELDS: Readonly<Record<string, Extract<Fix, { kind: 'field' }>>> = {
  node_name: { kind: 'field', field: 'nodeName', label: 'Node name' },
  registry_address: { kind: 'field', field: 'redisHost', label: 'Redis address' },
  server_address: { kind: 'field', field: 'servers', label: 'Servers' },
  agent_interval: { kind: 'field', field: 'interval', label: 'Seconds between two reports' },
  program: { kind: 'field', field: 'architecture', label: 'Processor' },
};
const MONITOR: Fix = { kind: 'page', href: '/settings/cluster', label: 'Cluster Health Monitor' };
/** Checks of which that page tells more than a sentence. */
const MONITORED: ReadonlySet<string> = new Set([
  'roster',
  'rotation',
  'redis_password',
  'redis_tls',
  'clock',
]);

/** Where on these pages a check is mended, beside the command in its mend; null where nowhere. */
export function fixOf({ code, result }: PackageCheck, readiness: PackageReadiness): Fix | null {
  if (result === 'pass') return null;
  if (MONITORED.has(code)) return MONITOR;
  const { defaults, architectures } = readiness;
  // Without an address to replace, the registry is a folder or Sentinels.
  if (code === 'registry_address' && defaults.redis_host === null) return null;
  if (code === 'program' && architectures.every(({ lack }) => lack !== null)) return null;
  return FIELDS[code] ?? null;
}

/** What the server finds wrong with what is typed, by field: it stands where it was typed, too. */
export function refusedFields({ checks }: PackageReadiness, draft: Draft): Faults {
  const wrong = checks.flatMap(({ code, result, sentence }) => {
    const field = FIELDS[code]?.field;
    const isTyped = field !== undefined && field !== 'architecture' && draft[field].trim() !== '';
    return result === 'fail' && isTyped ? [[field, sentence] as const] : [];
  });
  return Object.fromEntries(wrong);
}

type Held = PackageReadiness['contents'][number];

/** What would be inside. Only a cluster node can carry it in more than one way. */
export function held({ kind, contents }: PackageReadiness, { credentials }: Draft): Held | undefined {
  return kind === 'cluster-node' ? contents.find((way) => way.credentials === credentials) : contents[0];
}

/** Of a setting that somebody may look for: why it is not inside; null where it is, and where nobody would. */
export function absence({ kind }: PackageReadiness, way: Held): string | null {
  const isExpected = kind === 'cluster-node' && way.credentials === 'embedded';
  if (!isExpected || way.items.some(({ name }) => name === 'web_password')) return null;
  return 'No web_username and no web_password are inside: the administrators are in the database, which all servers share.';
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
