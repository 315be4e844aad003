/** Who asks, as the guard established it, and what stands for him where his share is counted. */
import { hashOf, type Login } from '../services/accounts.ts';
import type { TokenScope } from '../store/account-store.ts';

export type Caller =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'agent' }
  | { readonly kind: 'session'; readonly login: Login; readonly cookieValue: string }
  | { readonly kind: 'token'; readonly name: string; readonly scopes: readonly TokenScope[] }
  /** Through the control socket, which only who may read config.yaml can open. */
  | { readonly kind: 'local' };

/** Of a session not the cookie: this is remembered for longer than the request. */
export function ownerOf(caller: Caller): string {
  if (caller.kind === 'session') return `session ${hashOf(caller.cookieValue)}`;
  return caller.kind === 'token' ? `token ${caller.name}` : caller.kind;
}
