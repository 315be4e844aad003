/**
 * What is wrong with a configuration: where, a stable code, what was found, what is expected, and the mend.
 * No problem ever carries the value of a secret, nor a text that might be one. Codes are only added.
 */
import { escapeControls } from '../base/log.ts';

export type ProblemCode =
  // the file
  | 'file_missing'
  | 'file_unreadable'
  | 'file_irregular'
  | 'file_mode'
  | 'file_owner'
  | 'file_too_large'
  | 'file_not_utf8'
  | 'file_control'
  // its YAML
  | 'yaml_syntax'
  | 'yaml_anchor'
  | 'yaml_tag'
  | 'yaml_directive'
  | 'yaml_documents'
  | 'yaml_too_deep'
  | 'yaml_too_many'
  | 'duplicate_key'
  // its keys
  | 'unknown_key'
  | 'unknown_section'
  | 'wrong_section'
  | 'unknown_variable'
  | 'given_twice'
  | 'missing_key'
  | 'wrong_type'
  | 'bad_value'
  | 'out_of_range'
  // its secrets
  | 'secret_empty'
  | 'secret_published'
  | 'secret_not_base64'
  | 'secret_too_short'
  | 'secret_wrong_length'
  | 'secret_repeated_byte'
  | 'secret_weak'
  | 'password_in_clear'
  | 'ticket_malformed'
  | 'secret_reused'
  // the files it names
  | 'no_certificate'
  | 'no_private_key'
  // values that weaken
  | 'trusts_everybody'
  | 'database_tls_weak'
  // what does not go together
  | 'timeout_too_short'
  | 'retention_order'
  | 'tls_files_missing'
  | 'sign_files_missing'
  | 'tls_off_exposed'
  | 'redis_host_missing'
  | 'redis_host_twice'
  | 'sentinels_missing'
  | 'sentinel_master_missing'
  | 'redis_password_missing'
  | 'redis_tls_off'
  | 'sqlite_shared'
  | 'database_tls_off'
  | 'ticket_without_secret'
  | 'not_joined'
  | 'agent_in_clear'
  | 'pins_without_tls'
  // allowed, and said
  | 'cluster_unauthenticated'
  | 'redis_password_in_clear'
  | 'secret_shared'
  | 'not_used'
  | 'not_used_yet';

/** Lines and columns count from 1, columns in UTF-16 units as editors do. */
export type Place =
  | { readonly kind: 'file'; readonly path: string; readonly line: number; readonly column: number }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'flag'; readonly flag: string };

export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  readonly place: Place;
  /** Such as `cluster.redis_port`; null when the problem belongs to no key. */
  readonly key: string | null;
  /** One sentence: what was found and what is expected. */
  readonly sentence: string;
  /** The mend. */
  readonly hint: string;
}

export function errorCount(problems: readonly Problem[]): number {
  return problems.filter((problem) => problem.severity === 'error').length;
}

/** `/etc/x.yaml:3:15`, `$ATLAS_FLEET_…` or `--flag`, as a terminal may show it. */
export function placeText(place: Place): string {
  if (place.kind === 'environment') return `$${escapeControls(place.variable)}`;
  if (place.kind === 'flag') return place.flag;
  return `${escapeControls(place.path)}:${place.line}:${place.column}`;
}

/** The one text form: `file:line:column: code: sentence` and a line `hint: …`; warnings say so. */
export function problemLines(problem: Problem): [string, string] {
  const code = problem.severity === 'warning' ? `warning: ${problem.code}` : problem.code;
  return [`${placeText(problem.place)}: ${code}: ${problem.sentence}`, `hint: ${problem.hint}`];
}
