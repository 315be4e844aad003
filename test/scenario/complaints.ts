/** What servers complain of: refused records, counted, and findings on the health page. */
import type { RefusalView } from '../../src/services/cluster/refusal-view.ts';
import { eventually } from './eventually.ts';
import type { LiveServer } from './live-cluster.ts';

/** Milliseconds for all to have noticed, on a machine that is busy with other tests. */
const NOTICE_MS = 90_000;

export async function refusalsAt({ client }: LiveServer): Promise<RefusalView[]> {
  return (await client.health()).refusals;
}

/** Of one code and one claimed name; 0 when there is none. */
export async function refusedTimes(server: LiveServer, code: string, nodeId: string): Promise<number> {
  const counts = (await refusalsAt(server)).filter((one) => one.code === code && one.node_id === nodeId);
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/** Resolves when all have refused it so. */
export async function refusedByAll(
  servers: readonly LiveServer[],
  code: string,
  nodeId: string,
): Promise<void> {
  await Promise.all(
    servers.map((server) =>
      eventually(`${server.name} refuses ${nodeId} as ${code}`, NOTICE_MS, async () => {
        return (await refusedTimes(server, code, nodeId)) > 0;
      }),
    ),
  );
}

export async function findingCodes({ client }: LiveServer): Promise<string[]> {
  return (await client.health()).findings.map(({ code }) => code);
}

/** Resolves when all say so on their pages. */
export async function foundByAll(servers: readonly LiveServer[], code: string): Promise<void> {
  await Promise.all(
    servers.map((server) =>
      eventually(`${server.name} finds ${code}`, NOTICE_MS, async () =>
        (await findingCodes(server)).includes(code),
      ),
    ),
  );
}
