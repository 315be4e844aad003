/**
 * What the console shows beside a package, for whoever orders one by flags: before it is built what its reader should
 * know, and then those of its values that are no secret.
 */
import { hostPort } from '../base/host-text.ts';
import type { ControlClient } from './control-client.ts';
import { sayWarning } from './terminal.ts';

export type PackageKind = 'cluster-node' | 'standalone' | 'agent';

/** As far as it is spoken of here. */
export interface PackageOrder {
  readonly architecture: string;
  readonly sign?: boolean;
  readonly credentials?: string;
  readonly node_name?: string;
  readonly port?: number;
  readonly redis_host?: string;
  readonly redis_port?: number;
  readonly servers?: readonly string[];
  readonly interval_seconds?: number;
}

/** The part of the API's answer that is shown. */
interface Readiness {
  readonly checks: readonly {
    readonly result: string;
    readonly sentence: string;
    readonly mend: string | null;
  }[];
  /** What is taken for what an order leaves out. */
  readonly defaults: {
    readonly port: number;
    readonly redis_host: string | null;
    readonly redis_port: number | null;
    readonly servers: readonly string[];
    readonly interval_seconds: number;
  };
}

const ASKED = ['architecture', 'credentials', 'node_name', 'redis_host', 'interval_seconds'] as const;

/** Says the warnings. Resolves to what is left to say of it; to nothing where the order itself will be refused. */
export async function sayTerms(
  server: ControlClient,
  kind: PackageKind,
  order: PackageOrder,
): Promise<readonly string[]> {
  const query = new URLSearchParams({ kind });
  for (const key of ASKED) if (order[key] !== undefined) query.set(key, String(order[key]));
  for (const url of order.servers ?? []) query.append('servers', url);
  // Who refuses the question refuses the order too, and says so in the words of the flags.
  const readiness = await server.get<Readiness>(`/api/fleet/packages/readiness?${query}`).catch(() => null);
  if (readiness === null) return [];
  for (const { result, sentence, mend } of readiness.checks)
    if (result === 'warn') sayWarning(sentence, mend ?? undefined);
  return valuesOf(kind, order, readiness.defaults);
}

function valuesOf(kind: PackageKind, order: PackageOrder, defaults: Readiness['defaults']): string[] {
  if (kind === 'agent') {
    const { servers = defaults.servers, interval_seconds: seconds = defaults.interval_seconds } = order;
    return [`It reports to ${servers.join(', ')}, every ${seconds} s.`];
  }
  const { port = defaults.port, redis_host: host = defaults.redis_host } = order;
  const redisPort = order.redis_port ?? defaults.redis_port;
  const redis =
    host === null || redisPort === null ? '' : `, and finds Redis at ${hostPort(host, redisPort)}`;
  return [`It listens on port ${port}${kind === 'cluster-node' ? redis : ''}.`];
}
