/**
 * What the pages ask, how often, and when they ask again. Polling alone keeps every page true; server-sent
 * events only make it quicker, and losing them changes nothing on the page.
 */
import {
  QueryCache,
  QueryClient,
  useInfiniteQuery,
  useQueries,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import * as api from './api.ts';
import * as trust from './trust-api.ts';

const POLL_MS = 5_000;
/** Each server's part in a rotation takes a heartbeat or two. */
const ROTATION_POLL_MS = 1_000;
/** The lines change every ten minutes; the servers beside them stand in the table of nodes too. */
const SECURITY_POLL_MS = 30_000;
/** A busy fleet sends an event per report; the page asks again at most this often. */
const EVENT_PAUSE_MS = 2_000;
/** An EventSource gives up for good on an HTTP error; then it is opened anew. */
const EVENTS_REOPEN_MS = 15_000;

/** Marks what the truth bar vouches for. */
const LIVE = { live: true };

export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof api.ApiError && error.status === 401) forgetSession(client);
      },
    }),
    defaultOptions: {
      queries: {
        // Fleets live in networks that the browser takes for "offline".
        networkMode: 'always',
        retry: (failures, error) =>
          failures < 1 && error instanceof api.ApiError && error.code === api.UNREACHABLE,
        retryDelay: 500,
        staleTime: 1_000,
      },
      mutations: { networkMode: 'always' },
    },
  });
  return client;
}

/** Shows the login, and leaves nothing in this tab's memory of what the session could see. */
export function forgetSession(client: QueryClient): void {
  client.setQueryData(['session'], null);
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
}

export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => api.session(signal),
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: (query) => (query.state.status === 'error' ? POLL_MS : false),
  });
}

export function useMachines() {
  return useQuery({
    queryKey: ['machines'],
    queryFn: ({ signal }) => api.machines(signal),
    refetchInterval: POLL_MS,
    meta: LIVE,
  });
}

export function useMachine(machineId: string) {
  const client = useQueryClient();
  return useQuery({
    queryKey: ['machine', machineId],
    queryFn: ({ signal }) => api.machine(machineId, signal),
    placeholderData: () =>
      client
        .getQueryData<api.MachineList>(['machines'])
        ?.items.find((machine) => machine.machine_id === machineId),
    refetchInterval: POLL_MS,
    meta: LIVE,
  });
}

export interface ChartRange {
  readonly name: string;
  readonly label: string;
  readonly spanMs: number;
  /** Buckets over the span; each is wider than an agent's usual interval, else every other one would be a gap. */
  readonly points: number;
  readonly pollMs: number;
}

const MINUTE_MS = 60_000;
export const CHART_RANGES: readonly [ChartRange, ...ChartRange[]] = [
  { name: '15m', label: '15 min', spanMs: 15 * MINUTE_MS, points: 45, pollMs: POLL_MS },
  { name: '1h', label: '1 h', spanMs: 60 * MINUTE_MS, points: 120, pollMs: POLL_MS },
  { name: '24h', label: '24 h', spanMs: 1_440 * MINUTE_MS, points: 144, pollMs: 30_000 },
  { name: '7d', label: '7 d', spanMs: 10_080 * MINUTE_MS, points: 168, pollMs: 60_000 },
];

export interface ChartData {
  readonly from: number;
  readonly to: number;
  readonly series: api.Series;
}

/** One answer per metric, in their order. */
export function useSeries(machineId: string, metrics: readonly api.SeriesMetric[], range: ChartRange) {
  return useQueries({
    queries: metrics.map((metric) => ({
      queryKey: ['series', machineId, metric, range.name],
      queryFn: async ({ signal }: { signal: AbortSignal }): Promise<ChartData> => {
        // Windows that end on whole buckets keep the buckets, and so the line, from trembling between two polls.
        const bucketMs = range.spanMs / range.points;
        const to = Math.ceil(api.serverNow() / bucketMs) * bucketMs;
        const from = to - range.spanMs;
        const series = await api.series(machineId, { metric, from, to, points: range.points }, signal);
        return { from, to, series };
      },
      refetchInterval: range.pollMs,
      meta: { pollMs: range.pollMs },
    })),
  });
}

export function useHealthCheck() {
  return useQuery({
    queryKey: ['cluster'],
    queryFn: ({ signal }) => api.healthCheck(signal),
    refetchInterval: POLL_MS,
    meta: LIVE,
  });
}

export function useSecurity() {
  return useQuery({
    queryKey: ['security'],
    queryFn: ({ signal }) => api.securityReport(signal),
    refetchInterval: SECURITY_POLL_MS,
  });
}

/** Below the key of the health check, so that an event of the cluster renews them too. */
export function useRoster() {
  return useQuery({
    queryKey: ['cluster', 'roster'],
    queryFn: ({ signal }) => trust.roster(signal),
    refetchInterval: POLL_MS,
  });
}

export function useRotation() {
  return useQuery({
    queryKey: ['cluster', 'rotation'],
    queryFn: ({ signal }) => trust.rotation(signal),
    refetchInterval: ({ state }) => (state.data?.phase ? ROTATION_POLL_MS : POLL_MS),
  });
}

export function useTickets() {
  return useQuery({
    queryKey: ['cluster', 'tickets'],
    queryFn: ({ signal }) => trust.tickets(signal),
    refetchInterval: POLL_MS,
  });
}

/** After an act of trust: everything on the cluster page may be different. */
export function useTrustChanged() {
  const client = useQueryClient();
  return useCallback(() => {
    void client.invalidateQueries({ queryKey: ['cluster'] });
    void client.invalidateQueries({ queryKey: ['security'] });
  }, [client]);
}

export function useTokens() {
  return useQuery({ queryKey: ['tokens'], queryFn: ({ signal }) => api.tokens(signal) });
}

export function useAuditLog(kind: api.AuditKind | null) {
  return useInfiniteQuery({
    queryKey: ['audit', kind],
    queryFn: ({ pageParam: cursor, signal }) => api.auditLog({ cursor, kind }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: api.AuditPage) => page.next_cursor,
  });
}

/** Runs `ask` now, or once when the pause since the last run is over. */
function paused(ask: () => void): { ask: () => void; stop: () => void } {
  let lastMs = 0;
  let timer: number | undefined;
  const run = () => {
    timer = undefined;
    lastMs = Date.now();
    ask();
  };
  return {
    ask: () => {
      timer ??= window.setTimeout(run, Math.max(0, lastMs + EVENT_PAUSE_MS - Date.now()));
    },
    stop: () => window.clearTimeout(timer),
  };
}

export function useLiveUpdates(): void {
  const client = useQueryClient();
  useEffect(() => {
    const machines = paused(() => {
      void client.invalidateQueries({ queryKey: ['machines'] });
      void client.invalidateQueries({ queryKey: ['machine'] });
      // A chart of seven days does not change with one report: it keeps its own pace.
      void client.invalidateQueries({
        queryKey: ['series'],
        predicate: (query) => query.meta?.pollMs === POLL_MS,
      });
    });
    const cluster = paused(() => void client.invalidateQueries({ queryKey: ['cluster'] }));
    let source: EventSource;
    let reopen: number | undefined;
    const open = () => {
      source = new EventSource('/api/fleet/events');
      source.addEventListener('machines', machines.ask);
      source.addEventListener('cluster', cluster.ask);
      source.addEventListener('error', () => {
        if (source.readyState === EventSource.CLOSED) reopen = window.setTimeout(open, EVENTS_REOPEN_MS);
      });
    };
    open();
    return () => {
      source.close();
      window.clearTimeout(reopen);
      machines.stop();
      cluster.stop();
    };
  }, [client]);
}
