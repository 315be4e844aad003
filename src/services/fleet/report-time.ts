/**
 * When the figures of a report were taken, as we believe it (docs/protocol/reports.md). A machine says it by a clock of
 * its own; what it says counts when it can be, by the clock of the server that takes the report.
 */
import { REPORT_CLOCK_TOLERANCE_SECONDS, REPORT_MAX_AGE_DAYS } from '../../protocol/limits.ts';
import type { Report } from '../../protocol/report.ts';

/** How long ago a report may have been taken. */
const MAX_AGE_MS = REPORT_MAX_AGE_DAYS * 86_400_000;
const TOLERANCE_MS = REPORT_CLOCK_TOLERANCE_SECONDS * 1000;

/** `ahead`: the clock of its machine is, so that it counts as taken when it came. `old`: too old to be stored. */
export type ReportTime = 'claimed' | 'ahead' | 'old';

/** Unix ms. */
export function claimedTime({ metrics }: Report): number {
  return Math.round(metrics.timestamp * 1000);
}

export function judgeTime(claimedAtMs: number, receivedAtMs: number): ReportTime {
  const aheadMs = claimedAtMs - receivedAtMs;
  if (aheadMs > TOLERANCE_MS) return 'ahead';
  return aheadMs < -MAX_AGE_MS ? 'old' : 'claimed';
}

/**
 * Reports that claim an earlier time than this are old to every server, also to one whose clock is behind within the
 * tolerance: what of them was kept against repetition may be forgotten.
 */
export function oldForAll(nowMs: number): number {
  return nowMs - MAX_AGE_MS - TOLERANCE_MS;
}
