/** Whether a package can be built, and what stands in the way, each with the command that mends it where there is one. */
import type { HealthCheck } from './api.ts';
import type { PackageCheck, PackageKind, PackageReadiness } from './package-api.ts';
import type { Draft } from './package-order.ts';

/** Of a check that another address of Redis in the order mends, too. */
const REDIS_ADDRESS = 'redis_address';
const LOOPBACK = /^(localhost\.?|127\.|::1$|0\.0\.0\.0$)/i;

const mendedBy = ({ code }: PackageCheck, { redisHost }: Draft): boolean =>
  code === REDIS_ADDRESS && redisHost.trim() !== '' && !LOOPBACK.test(redisHost.trim());

/** What has to be mended first; warnings do not stand in the way. */
export function obstacles(readiness: PackageReadiness, draft: Draft): readonly PackageCheck[] {
  return readiness.checks.filter((check) => check.result === 'fail' && !mendedBy(check, draft));
}

/** The command that a mend ends with, so that it can be copied; null where it has none. */
export function commandIn(mend: string): string | null {
  const [, command = null] =
    /(?::|\brun|\bRun) ((?:sudo )?(?:\S*\/)?atlas-fleet [^;,:]+?)\.?$/.exec(mend) ?? [];
  return command;
}

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
