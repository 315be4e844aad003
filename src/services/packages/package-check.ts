/**
 * One line about a package: what it needs, or what its reader should know first. One that fails stands in the way; one
 * that warns does not. Codes are for machines and are only ever added.
 */
import { AtlasError } from '../../base/errors.ts';

export type CheckCode =
  | 'cluster_mode'
  | 'cluster_secret'
  | 'roster'
  | 'rotation'
  | 'node_name'
  | 'registry_address'
  | 'redis_password'
  | 'redis_tls'
  | 'database_address'
  | 'server_address'
  | 'join_ticket'
  | 'agent_interval'
  | 'program'
  | 'signing'
  | 'clock';

export interface PackageCheck {
  readonly code: CheckCode;
  readonly result: 'pass' | 'warn' | 'fail';
  readonly sentence: string;
  /** What to do; null where there is nothing to do. */
  readonly mend: string | null;
}

export const pass = (code: CheckCode, sentence: string): PackageCheck => ({
  code,
  result: 'pass',
  sentence,
  mend: null,
});
export const warn = (code: CheckCode, sentence: string, mend: string): PackageCheck => ({
  code,
  result: 'warn',
  sentence,
  mend,
});
export const fail = (code: CheckCode, sentence: string, mend: string): PackageCheck => ({
  code,
  result: 'fail',
  sentence,
  mend,
});

export const isFailed = ({ result }: PackageCheck) => result === 'fail';

/** Throws package_not_ready. */
export function refuseFailed(checks: readonly PackageCheck[]): void {
  const failed = checks.filter(isFailed);
  if (failed.length > 0) throw notReady(failed);
}

/** The first is what the others may hang on. */
export function notReady(failed: readonly PackageCheck[]): AtlasError {
  const [first] = failed;
  return new AtlasError('package_not_ready', first?.sentence ?? 'This package cannot be built now.', {
    ...(first?.mend && { hint: first.mend }),
    parts: failed.map(({ code, sentence, mend }) => ({
      pointer: `/checks/${code}`,
      message: mend === null ? sentence : `${sentence} ${mend}`,
    })),
  });
}
