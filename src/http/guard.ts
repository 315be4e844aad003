/**
 * Who may pass. Every route names its guard; one that does not is not registered, so a forgotten guard is a
 * server that does not start and not an open door. Guards run before a body is read.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { equalBytes } from '../base/bytes.ts';
import { AtlasError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { type ApiTokens, hasScope } from '../services/people/api-tokens.ts';
import type { Login, Sessions } from '../services/people/sessions.ts';
import type { TokenScope } from '../store/account-store.ts';
import type { Caller } from './caller.ts';
import { callerAddress, type IsTrusted } from './caller-address.ts';
import type { CallerRates } from './caller-rates.ts';
import { Lookups } from './lookups.ts';
import type { NetworkShare } from './network-share.ts';
import { sessionCookie } from './session-cookie.ts';

export type Guard =
  /** Anybody. */
  | { readonly kind: 'open' }
  /** Anybody, but no other site's page in the name of a browser: what opens a session. */
  | { readonly kind: 'same_origin' }
  /** An agent, by the API key that all agents share. */
  | { readonly kind: 'agent_key' }
  /** A session, an API token with this scope, or the local administrator. */
  | {
      readonly kind: 'person';
      readonly scope: TokenScope;
      /** Of a session: with a password given a moment ago. A token has none, and the control socket needs none. */
      readonly recentPassword?: true;
    };

export const open: Guard = { kind: 'open' };
export const sameOrigin: Guard = { kind: 'same_origin' };
export const agentKey: Guard = { kind: 'agent_key' };
export const person = (scope: TokenScope): Guard => ({ kind: 'person', scope });
/** For what cannot be undone, so that an open browser, or a stolen cookie, is not enough. */
export const recentPassword = (scope: TokenScope): Guard => ({ kind: 'person', scope, recentPassword: true });

/** A guard in the words of OpenAPI: each entry is one way in, and none means that nobody is asked. */
export function securityOf(guard: Guard | undefined): Record<string, string[]>[] {
  if (guard?.kind === 'agent_key') return [{ agent: [] }];
  return guard?.kind === 'person' ? [{ token: [guard.scope] }, { session: [] }] : [];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    guard?: Guard;
    /** In requests of its caller's share; 1 unless said otherwise. */
    cost?: number;
  }
  interface FastifyRequest {
    caller: Caller;
    /** The address that counts, and is written down; `local` behind the control socket. */
    address: string;
  }
}

export interface GuardParts {
  readonly sessions: Sessions;
  readonly tokens: ApiTokens;
  readonly apiKey: Secret;
  readonly door: 'network' | 'control';
  readonly isTrustedProxy: IsTrusted;
  readonly rates: CallerRates;
  readonly share: NetworkShare;
}

/** Routes that a plugin registers below this prefix are open: the API's description holds nothing of the fleet. */
export const DOCS_PREFIX = '/api/docs';

const CSRF_HEADER = 'x-csrf-token';
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const NOBODY: Caller = { kind: 'nobody' };

interface GuardWork extends GuardParts {
  readonly lookups: Lookups;
}

export function guardRoutes(app: FastifyInstance, given: GuardParts): void {
  const parts = { ...given, lookups: new Lookups(given.rates) };
  app.decorateRequest('caller');
  app.decorateRequest('address', '');
  app.addHook('onRoute', (route) => {
    const guard = route.config?.guard ?? (route.prefix.startsWith(DOCS_PREFIX) ? open : undefined);
    if (guard === undefined) throw new Error(`route ${route.method} ${route.url} names no guard`);
    route.config = { ...route.config, guard };
  });
  app.addHook('onRequest', async (request) => {
    if (parts.door === 'network') return admitCounted(request, parts);
    request.caller = { kind: 'local' };
    request.address = 'local';
  });
}

async function admitCounted(request: FastifyRequest, parts: GuardWork): Promise<void> {
  const { guard = open, cost = 1 } = request.routeOptions.config;
  request.address = callerAddress(request.raw, parts.isTrustedProxy);
  try {
    request.caller = await admit(guard, request, parts);
  } catch (error) {
    parts.rates.refused(error, request.address);
    throw error;
  }
  parts.rates.admitted(request.caller, request.address, cost);
  const { kind } = request.caller;
  if (kind === 'nobody') parts.share.visitor(request.raw.socket);
  else if (kind !== 'agent') parts.share.person(request.raw.socket);
}

async function admit(guard: Guard, request: FastifyRequest, parts: GuardWork): Promise<Caller> {
  switch (guard.kind) {
    case 'open':
      return NOBODY;
    case 'same_origin':
      checkOrigin(request);
      return NOBODY;
    case 'agent_key':
      checkApiKey(request, parts.apiKey);
      return { kind: 'agent' };
    case 'person':
      return admitPerson(guard, request, parts);
  }
}

async function admitPerson(
  { scope, recentPassword: isAsked }: Guard & { kind: 'person' },
  request: FastifyRequest,
  parts: GuardWork,
): Promise<Caller> {
  const { address } = request;
  const bearer = bearerOf(request);
  if (bearer !== undefined) {
    const token = await parts.lookups.take(bearer, address, () => parts.tokens.authenticate(bearer, address));
    if (!hasScope(token.scopes, scope)) {
      throw new AtlasError('scope_missing', `This token does not have the scope ${scope}.`, {
        hint: 'Create one that has it under Settings, API tokens.',
      });
    }
    return { kind: 'token', name: token.name, scopes: token.scopes };
  }
  const cookieValue = sessionCookie(request);
  if (cookieValue === undefined) {
    throw new AtlasError('login_required', 'Log in, or send an API token.', {
      hint: 'Authorization: Bearer atl_…',
    });
  }
  const login = await parts.lookups.take(cookieValue, address, () =>
    parts.sessions.authenticate(cookieValue),
  );
  if (!SAFE_METHODS.has(request.method)) checkCsrf(request, login);
  if (isAsked && !login.hasRecentPassword)
    throw new AtlasError('password_needed', 'This needs your password again.', {
      hint: 'Enter it on the page: POST /api/fleet/password/confirm.',
    });
  return { kind: 'session', login, cookieValue };
}

/** Compared by digest, so that neither time nor length tells anything of the key. */
function checkApiKey(request: FastifyRequest, apiKey: Secret): void {
  const given = request.headers['x-api-key'] ?? bearerOf(request);
  const hint = "Set the agent's api_key to server.api_key of the servers.";
  if (typeof given !== 'string' || given === '')
    throw new AtlasError('api_key_missing', 'The API key is missing.', { hint });
  if (!equalBytes(digest(Buffer.from(given, 'utf8')), digest(apiKey.reveal()))) {
    throw new AtlasError('api_key_wrong', 'The API key is wrong.', { hint });
  }
}

function digest(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** The cookie alone is sent by any page that makes the browser ask; the token is known to our page only. */
function checkCsrf(request: FastifyRequest, login: Login): void {
  checkOrigin(request);
  const given = request.headers[CSRF_HEADER];
  if (typeof given !== 'string' || !equalBytes(Buffer.from(given), Buffer.from(login.csrfToken))) {
    throw csrfFailed();
  }
}

/** Browsers name the origin of every request that changes something; other programs send none. */
function checkOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `${request.protocol}://${request.host}`) throw csrfFailed();
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw csrfFailed();
}

function csrfFailed(): AtlasError {
  return new AtlasError('csrf_failed', "This request did not come from this server's own page.", {
    hint: 'Reload the page and try again. Behind a proxy, set trusted_proxies and pass Host on.',
  });
}

function bearerOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  return header?.startsWith('Bearer ') ? header.slice('Bearer '.length).trim() : undefined;
}
