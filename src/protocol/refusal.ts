/**
 * Why a record was not believed. The codes are part of the protocol (docs/protocol/records.md): they stand in
 * the API, the metrics and the logs. A code is never removed or reused; the order is the order of the checks.
 *
 * "Not mine", "too old" and "tampered" are different codes because they need different actions.
 */
export const REFUSAL_CODES = [
  'too_large',
  'malformed',
  'not_canonical',
  'missing_signature',
  'missing_timestamp',
  'unsupported_version',
  'wrong_cluster',
  'wrong_type',
  'retired_key',
  'unknown_key',
  'invalid_signature',
  'wrong_slot',
  'evicted',
  'not_member',
  'bad_node_signature',
  'timestamp_future',
  'timestamp_old',
  'replayed',
  'clone',
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

export interface Refusal {
  readonly code: RefusalCode;
  /** One sentence in the seeds' words, such as "Timestamp too old (86400s > 300s)". */
  readonly reason: string;
}

/** `reason`: the seeds' words; membership/refusal-words.ts adds what to do. */
export function refuse(code: RefusalCode, reason: string): Refusal {
  return { code, reason };
}
