/** The Redis that a demo was told to meet at: taken over when no cluster lives there, and left as it was found. */
import type { FreshValues } from '../../config/fresh-config.ts';
import { redisValues } from '../../config/redis-url.ts';
import { parseRedisFlag } from '../redis-flag.ts';
import { readSecretFromFile, say } from '../terminal.ts';
import { serverName } from './demo-folder.ts';

export interface DemoRegistry {
  /** For the config of each server. */
  readonly values: FreshValues;
  /** redis-cli with what it needs to get in, for a shell. */
  readonly client: string;
  /** Never rejects: what is left behind is said. */
  moveOut(): Promise<void>;
}

interface Flags {
  readonly nodes: number;
  readonly cluster?: string;
  readonly redisPasswordFile?: string;
}

/** Null: the demo meets in its own folder. Rejects with usage, registry_in_use or member_store_unavailable. */
export async function demoRegistry({
  nodes,
  cluster,
  redisPasswordFile,
}: Flags): Promise<DemoRegistry | null> {
  if (cluster === undefined) return null;
  const redis = parseRedisFlag(cluster);
  const password = redisPasswordFile === undefined ? null : readSecretFromFile(redisPasswordFile);
  const { borrowRegistry } = await import('../../engines.ts');
  const { systemClock } = await import('../../base/clock.ts');
  const { silentLog } = await import('../../base/log.ts');
  const tls = redis.tls ? { ca: null, serverName: null } : null;
  const common = { name: 'atlas-fleet-demo', clock: systemClock, log: silentLog };
  const names = Array.from({ length: nodes }, (_, i) => serverName(i + 1));
  const tenancy = await borrowRegistry({ ...redis, password, tls, ...common }, names);
  return {
    values: {
      ...redisValues(redis),
      ...(password !== null && { 'cluster.redis_password': password.revealText() }),
    },
    client: clientCommand(cluster, redisPasswordFile),
    moveOut: () =>
      tenancy.moveOut().catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        say(`The rows of the demo are still in ${cluster}: ${why}`);
      }),
  };
}

/** The password by a file that is named, so that it stands neither on the screen nor among the processes. */
function clientCommand(address: string, passwordFile: string | undefined): string {
  const login =
    passwordFile === undefined ? '' : `REDISCLI_AUTH="$(cat '${passwordFile.replaceAll("'", "'\\''")}')" `;
  return `${login}redis-cli -u ${address}`;
}
