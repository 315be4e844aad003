/** What the package builder asks and how often; below the key of the cluster, whose events renew it too. */
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import * as door from './package-api.ts';

/** Redis or the cache of runtimes may change while the page is open. */
const READINESS_POLL_MS = 10_000;
const TRACKER_POLL_MS = 3_000;

export function usePackageReadiness(kind: door.PackageKind, architecture: door.Architecture) {
  return useQuery({
    queryKey: ['cluster', 'packages', 'readiness', kind, architecture],
    queryFn: ({ signal }) => door.packageReadiness({ kind, architecture }, signal),
    // Of another architecture of the same kind only: what one kind holds says nothing about another.
    placeholderData: (before) => (before?.kind === kind ? keepPreviousData(before) : undefined),
    refetchInterval: READINESS_POLL_MS,
  });
}

export function usePackages() {
  return useInfiniteQuery({
    queryKey: ['cluster', 'packages', 'list'],
    queryFn: ({ pageParam: cursor, signal }) => door.packages(cursor, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: door.PackagePage) => page.next_cursor,
  });
}

/** The record of a build, who joined by it among the rest. */
export function usePackageRecord(first: door.PackageBuild) {
  return useQuery({
    queryKey: ['cluster', 'packages', 'record', first.build_id],
    queryFn: ({ signal }) => door.packageBuild(first.build_id, signal),
    initialData: first,
    refetchInterval: TRACKER_POLL_MS,
  });
}
