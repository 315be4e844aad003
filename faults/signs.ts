/**
 * What an operator sees of a fault: a line in the log and a field of health, at each server that should know.
 * Asked over the control socket, which works without a database.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { controlClient } from '../src/cli/control-socket.ts';
import type { HealthCheckView } from '../src/services/cluster/cluster-view.ts';
import type { ReadinessView } from '../src/services/readiness.ts';
import type { LiveServer } from '../test/scenario/live-cluster.ts';
import type { LogReader } from './log-reader.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 200;

export interface Sign {
  /** The servers that should say it. */
  readonly by: readonly LiveServer[];
  /** The event of the line, and all that must stand in it: the node, the reason. */
  readonly event: string;
  readonly words: RegExp;
  /** Absent: over too soon to be shown there. */
  readonly health?: (health: HealthCheckView, ready: ReadinessView) => boolean;
}

/** Milliseconds from the call until every one of them said it; NaN when it never did. */
export interface Told {
  readonly logMs: number;
  readonly healthMs?: number;
}

/** A finding with this code, whose sentence says so. */
export const finding =
  (code: string, words: RegExp): NonNullable<Sign['health']> =>
  ({ findings }) =>
    findings.some((one) => one.code === code && words.test(one.sentence));

export async function watchForSign(sign: Sign, logs: LogReader, signal: AbortSignal): Promise<Told> {
  const fromMs = performance.now();
  const last = async (look: (server: LiveServer) => Promise<boolean> | boolean) =>
    Math.max(...(await Promise.all(sign.by.map((server) => until(() => look(server), signal))))) - fromMs;
  const { health } = sign;
  const [logMs, healthMs] = await Promise.all([
    last((server) => saysInLog(server, sign, logs)),
    health && last((server) => saysInHealth(server, health)),
  ]);
  return { logMs, ...(healthMs !== undefined && { healthMs }) };
}

/** The moment at which it became so, or NaN when the signal came first. */
export async function until(look: () => Promise<boolean> | boolean, signal: AbortSignal): Promise<number> {
  while (!signal.aborted) {
    if (await look()) return performance.now();
    await wait(LOOK_MS, undefined, { signal }).catch(() => {});
  }
  return Number.NaN;
}

function saysInLog(server: LiveServer, { event, words }: Sign, logs: LogReader): boolean {
  return logs.lines(server).some((line) => line.event === event && words.test(line.text));
}

async function saysInHealth({ dataDir }: LiveServer, health: NonNullable<Sign['health']>): Promise<boolean> {
  const client = controlClient(dataDir);
  try {
    const view = await client.get<HealthCheckView>('/api/fleet/cluster/health-check');
    return health(view, await readinessOf(dataDir));
  } catch {
    return false;
  }
}

async function readinessOf(dataDir: string): Promise<ReadinessView> {
  const broken: ReadinessView = { status: 'unhealthy', degraded: false };
  // The control client takes a 503 for a failure, and that is what it says.
  return controlClient(dataDir)
    .get<ReadinessView>('/readyz')
    .catch(() => broken);
}
