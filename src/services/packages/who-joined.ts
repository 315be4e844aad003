/**
 * Which servers came by which package, as far as the roster tells: pure. By a ticket, exactly; by the name that was
 * given to it, exactly; else whoever was admitted by the secret alone between this package and the next of its sort,
 * which is a guess: an older package, or the secret itself, lets in just as well. The roster tells whole seconds, and
 * nobody joins in the very second in which a package was begun: who came in it came before.
 */
import type { RosterStep } from '../../protocol/roster-step.ts';
import type { PackageBuild } from '../../store/package-store.ts';

export interface Admission {
  readonly nodeId: string;
  /** Unix seconds, by the clock of who admitted it. */
  readonly time: number;
  /** Null: by the secret alone. */
  readonly ticketId: string | null;
}

/** The founder came by no package. */
export function admissionsOf(steps: readonly RosterStep[]): Admission[] {
  return steps.flatMap(({ operations, time }) =>
    operations.flatMap((operation) =>
      operation.op === 'admit'
        ? [{ nodeId: operation.member.node_id, time, ticketId: operation.ticket ?? null }]
        : [],
    ),
  );
}

/** How it is known; `time` is no more than that it came after. */
export interface Joined {
  readonly nodeId: string;
  readonly by: 'ticket' | 'name' | 'time';
}

type Asked = Pick<PackageBuild, 'kind' | 'credentials' | 'nodeName' | 'ticketId' | 'builtAtMs'>;

/** `nextAtMs`: when the next package was begun that an unnamed newcomer may have come by; null without one. */
export function whoJoined(build: Asked, admissions: readonly Admission[], nextAtMs: number | null): Joined[] {
  if (build.kind !== 'cluster-node') return [];
  const { ticketId, nodeName } = build;
  const since = seconds(build.builtAtMs);
  const until = nextAtMs === null ? Number.POSITIVE_INFINITY : seconds(nextAtMs);
  const came = admissions.filter((one) => {
    if (ticketId !== null) return one.ticketId === ticketId;
    if (one.time <= since) return false;
    if (nodeName !== null) return one.nodeId === nodeName;
    return one.ticketId === null && one.time <= until;
  });
  const by = ticketId !== null ? 'ticket' : nodeName !== null ? 'name' : 'time';
  return [...new Set(came.map(({ nodeId }) => nodeId))].map((nodeId) => ({ nodeId, by }));
}

const seconds = (ms: number) => Math.floor(ms / 1000);
