/**
 * What can go wrong, as a table: a stable code for machines, its kind for the faces (HTTP status, exit code),
 * a short sentence for people and a next step. Codes are only ever added; a code never changes its kind.
 */

/** Kinds decide how a face answers. They say nothing about the cause. */
export type ErrorKind =
  | 'invalid' // the request itself is wrong; asking again will not help
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'rate_limited'
  | 'unavailable' // something we depend on is away; asking again will help
  | 'config'
  | 'usage'
  | 'internal';

const KINDS = {
  // requests
  bad_request: 'invalid',
  bad_cursor: 'invalid',
  not_found: 'not_found',
  body_too_large: 'too_large',
  head_too_large: 'too_large',
  address_too_long: 'too_large',
  unsupported_media_type: 'invalid',
  method_not_allowed: 'invalid',
  expectation_failed: 'invalid',
  request_timeout: 'invalid',
  tls_required: 'invalid',
  rate_limited: 'rate_limited',
  internal: 'internal',
  // who asks
  login_required: 'unauthenticated',
  login_failed: 'unauthenticated',
  session_ended: 'unauthenticated',
  token_unknown: 'unauthenticated',
  scope_missing: 'forbidden',
  password_needed: 'forbidden',
  csrf_failed: 'forbidden',
  setup_code_wrong: 'forbidden',
  lookup_busy: 'unavailable',
  api_key_missing: 'unauthenticated',
  api_key_wrong: 'unauthenticated',
  // reports
  report_refused: 'invalid',
  report_plain: 'invalid',
  report_v1_off: 'forbidden',
  intake_busy: 'unavailable',
  fleet_full: 'rate_limited',
  view_busy: 'unavailable',
  // stores
  store_unavailable: 'unavailable',
  store_locked: 'unavailable',
  store_key_wrong: 'config',
  store_newer: 'config',
  store_unfit: 'config',
  member_store_unavailable: 'unavailable',
  registry_in_use: 'conflict',
  // trust
  roster_invalid: 'config',
  roster_missing: 'unavailable',
  roster_refused: 'conflict',
  roster_frozen: 'conflict',
  member_unknown: 'not_found',
  roster_choice: 'not_found',
  member_runs: 'conflict',
  check_failed: 'internal',
  rotation_runs: 'conflict',
  rotation_none: 'conflict',
  keep_list_wrong: 'conflict',
  member_unsealable: 'conflict',
  ticket_unknown: 'forbidden',
  ticket_used: 'conflict',
  ticket_expired: 'conflict',
  ticket_revoked: 'conflict',
  ticket_missing: 'not_found',
  ticket_needs_tls: 'conflict',
  tickets_full: 'conflict',
  ticket_unreadable: 'usage',
  join_refused: 'conflict',
  already_member: 'conflict',
  join_later: 'unavailable',
  join_elsewhere: 'config',
  // things
  machine_unknown: 'not_found',
  user_unknown: 'not_found',
  user_exists: 'conflict',
  token_name_taken: 'conflict',
  slot_unknown: 'not_found',
  password_weak: 'invalid',
  // packages
  program_missing: 'conflict',
  runtime_missing: 'conflict',
  runtime_refused: 'invalid',
  runtime_unreachable: 'unavailable',
  package_unfit: 'invalid',
  source_changed: 'unavailable',
  package_unreadable: 'invalid',
  package_missing: 'not_found',
  package_damaged: 'invalid',
  signer_invalid: 'config',
  signer_missing: 'conflict',
  package_not_ready: 'conflict',
  package_unknown: 'not_found',
  package_not_revocable: 'conflict',
  packages_busy: 'unavailable',
  // starting
  config_invalid: 'config',
  config_missing: 'config',
  config_changed: 'conflict',
  identity_invalid: 'config',
  file_of_another: 'config',
  certificate_invalid: 'config',
  port_taken: 'conflict',
  address_unusable: 'config',
  folder_in_use: 'conflict',
  folder_not_private: 'config',
  file_exists: 'conflict',
  file_unwritable: 'invalid',
  not_running: 'unavailable',
  unreachable: 'unavailable',
  usage: 'usage',
  interrupted: 'usage',
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof KINDS;

export interface ErrorDetails {
  /** The next step, one sentence, for the person who reads it. */
  hint?: string;
  cause?: unknown;
  /** For kind rate_limited and unavailable: when to ask again. */
  retryAfterSeconds?: number;
  /** Each wrong part of a request: a JSON pointer and what is wrong with it. */
  parts?: readonly { pointer: string; message: string }[];
}

export class AtlasError extends Error {
  override readonly name = 'AtlasError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly parts: ErrorDetails['parts'];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.parts = details.parts;
  }

  get kind(): ErrorKind {
    return KINDS[this.code];
  }
}

/** A Node system error code such as ENOENT, when the value is such an error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** For a line of the log: what went wrong, and the next step where one is known. */
export function reasonOf(error: unknown): { reason: string; hint?: string } {
  const reason = error instanceof Error ? error.message : String(error);
  return error instanceof AtlasError && error.hint !== undefined ? { reason, hint: error.hint } : { reason };
}
