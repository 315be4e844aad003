/** What a refusal says field by field, without what its own sentence says already. */
import type { ApiError } from './api.ts';

interface FieldWords {
  /** Null where the words are about no field of the request. */
  readonly pointer: string | null;
  readonly message: string;
}

/** Checks of a package (services/packages): sentences of their own, by a code that is for machines. */
const CHECKS = '/checks/';

export function fieldWords({ detail, fields }: Pick<ApiError, 'detail' | 'fields'>): readonly FieldWords[] {
  return fields
    .filter(({ message }) => !message.startsWith(detail))
    .map(({ pointer, message }) => ({ pointer: pointer.startsWith(CHECKS) ? null : pointer, message }));
}
