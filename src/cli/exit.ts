/** How a command ends: the one table from the kind of an error to the exit code. Codes never change their meaning. */
import type { AtlasError, ErrorKind } from '../base/errors.ts';

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  config: 3,
  notAllowed: 4,
  unreachable: 5,
  notFound: 6,
  conflict: 7,
  /** As a shell says it of who is ended by Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const OF_KIND: Readonly<Record<ErrorKind, ExitCode>> = {
  invalid: EXIT.failed,
  too_large: EXIT.failed,
  rate_limited: EXIT.failed,
  internal: EXIT.failed,
  usage: EXIT.usage,
  config: EXIT.config,
  unauthenticated: EXIT.notAllowed,
  forbidden: EXIT.notAllowed,
  unavailable: EXIT.unreachable,
  not_found: EXIT.notFound,
  conflict: EXIT.conflict,
};

export function exitCodeOf({ code, kind }: AtlasError): ExitCode {
  return code === 'interrupted' ? EXIT.interrupted : OF_KIND[kind];
}
