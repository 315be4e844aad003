/** Who asks, as the guard established it, and what stands for him where his share is counted or his acts are told. */
import { AtlasError } from '../base/errors.ts';
import { ANONYMOUS_ACTOR, type AskedBy } from '../services/people/audit.ts';
import type { Login } from '../services/people/sessions.ts';
import { hashOf } from '../services/people/token-hash.ts';
import type { TokenScope } from '../store/account-store.ts';

export type Caller =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'agent' }
  | { readonly kind: 'session'; readonly login: Login; readonly cookieValue: string }
  | { readonly kind: 'token'; readonly name: string; readonly scopes: readonly TokenScope[] }
  /** Through the control socket, which only who may read config.yaml can open. */
  | { readonly kind: 'local' };

/** For what only a page can ask. Throws login_required. */
export function requireSession({ caller }: { readonly caller: Caller }): Caller & { kind: 'session' } {
  if (caller.kind === 'session') return caller;
  throw new AtlasError('login_required', 'This is only for a page that is logged in.');
}

/** Of a session not the cookie: this is remembered for longer than the request. */
export function ownerOf(caller: Caller): string {
  if (caller.kind === 'session') return `session ${hashOf(caller.cookieValue)}`;
  return caller.kind === 'token' ? `token ${caller.name}` : caller.kind;
}

/** In the words of the audit log. */
export function askedBy({ caller, address }: { readonly caller: Caller; readonly address: string }): AskedBy {
  switch (caller.kind) {
    case 'session':
      return { actor: { kind: 'user', name: caller.login.user.username }, address };
    case 'token':
      return { actor: { kind: 'token', name: caller.name }, address };
    case 'local':
      return { actor: { kind: 'local', name: '' }, address: null };
    case 'agent':
    case 'nobody':
      return { actor: ANONYMOUS_ACTOR, address };
  }
}
