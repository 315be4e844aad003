/** What a Redis answered, taken for what the command promises or for nothing: the server may be no Redis. */
import { FOREIGN_PROTOCOL } from './trouble.ts';

export function asCount(answer: unknown): number {
  if (typeof answer === 'number' && Number.isSafeInteger(answer) && answer >= 0) return answer;
  throw FOREIGN_PROTOCOL;
}

export function asBytes(answer: unknown, maxBytes: number): Buffer {
  if (Buffer.isBuffer(answer) && answer.byteLength <= maxBytes) return answer;
  throw FOREIGN_PROTOCOL;
}

export function asList(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  throw FOREIGN_PROTOCOL;
}
