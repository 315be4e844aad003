/** What the package builder asks and how often; below the key of the cluster, whose events renew it too. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { PackageKind } from './package-api.ts';
import * as door from './package-api.ts';
import { faultsOf } from './package-faults.ts';
import { type Draft, EMPTY_DRAFT, questionOf } from './package-order.ts';

/** Redis or the cache of runtimes may change while the page is open. */
const READINESS_POLL_MS = 10_000;
const TRACKER_POLL_MS = 3_000;

/** Milliseconds without a keystroke until the server is asked. Arbitrary. */
const TYPING_PAUSE_MS = 300;

function useReadinessOf(kind: PackageKind, question: string) {
  return useQuery({
    queryKey: ['cluster', 'packages', 'readiness', question],
    queryFn: ({ signal }) => door.packageReadiness(question, signal),
    // Of the same kind only: what one kind holds says nothing about another.
    placeholderData: (before) => (before?.kind === kind ? keepPreviousData(before) : undefined),
    refetchInterval: READINESS_POLL_MS,
  });
}

/** As if nothing were typed. */
export const useUsualReadiness = (kind: PackageKind) =>
  useReadinessOf(kind, questionOf(kind, EMPTY_DRAFT, {}));

/**
 * What the form hangs on, as if nothing were typed; and what the server thinks of what is. The form stays there when
 * the server takes none of it.
 */
export function usePackageReadiness(kind: PackageKind, draft: Draft) {
  const [settled] = useDebouncedValue(draft, TYPING_PAUSE_MS);
  const question = questionOf(kind, settled, faultsOf(kind, settled));
  const { architecture } = settled;
  const usual = useReadinessOf(kind, questionOf(kind, { ...EMPTY_DRAFT, architecture }, {}));
  const judged = useReadinessOf(kind, question);
  return {
    usual,
    judged,
    /** The verdict is about what stands in the form. */
    isCurrent:
      judged.isSuccess &&
      !judged.isPlaceholderData &&
      question === questionOf(kind, draft, faultsOf(kind, draft)),
  };
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
