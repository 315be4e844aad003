/** How the store knows what only its holder keeps: the cookie of a session, an API token, a setup code. */
import { createHash } from 'node:crypto';

/** SHA-256, hex. */
export function hashOf(secretText: string): string {
  return createHash('sha256').update(secretText).digest('hex');
}
