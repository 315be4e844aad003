/** People and their tokens: the first administrator, login, passwords, API tokens. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AtlasError } from '../../base/errors.ts';
import type { Accounts, Login, NewLogin } from '../../services/people/accounts.ts';
import type { ApiTokens } from '../../services/people/api-tokens.ts';
import type { Audit } from '../../services/people/audit.ts';
import type { SetupCodes } from '../../services/people/setup-code.ts';
import type { ApiToken, User } from '../../store/account-store.ts';
import type { App } from '../app.ts';
import { askedBy } from '../caller.ts';
import { LOGIN_COST } from '../caller-rates.ts';
import { person, recentPassword, sameOrigin } from '../guard.ts';
import { clearSessionCookie, setSessionCookie } from '../session-cookie.ts';
import {
  loginRequest,
  passwordAgain,
  passwordChange,
  sessionInfo,
  setupCode,
  setupRequest,
  tokenCreate,
  tokenCreated,
  tokenList,
  userCreate,
  userInfo,
  userList,
} from '../shapes/accounts.ts';
import { wantedId } from '../shapes/values.ts';

export interface AccountParts {
  readonly accounts: Accounts;
  readonly tokens: ApiTokens;
  readonly setup: SetupCodes;
  readonly audit: Audit;
  readonly nodeId: string;
}

const nothing = z.undefined();

export function accountRoutes(app: App, { accounts, tokens, setup, audit, nodeId }: AccountParts): void {
  const describe = (login: Login) => ({
    username: login.user.username,
    csrf_token: login.csrfToken,
    expires_at: asTime(login.expiresAtMs),
    node_id: nodeId,
  });
  const enter = (login: NewLogin, request: FastifyRequest, reply: FastifyReply) => {
    setSessionCookie(request, reply, login.cookieValue, login.expiresAtMs);
    audit.note({ ...ofUser(login.user, request), action: 'login.succeeded' });
    return describe(login);
  };

  app.post('/api/fleet/login', {
    config: { guard: sameOrigin, cost: LOGIN_COST },
    schema: { summary: 'Log in', body: loginRequest, response: { 200: sessionInfo } },
    handler: async (request, reply) => {
      const { username, password } = request.body;
      return enter(await accounts.login(username, password, request.address), request, reply);
    },
  });

  app.post('/api/fleet/setup', {
    config: { guard: sameOrigin, cost: LOGIN_COST },
    schema: {
      summary: 'The first administrator, by the code of init',
      body: setupRequest,
      response: { 200: sessionInfo },
    },
    handler: async (request, reply) => {
      const { code, username, password } = request.body;
      // Recorded when the code was right: before that anybody could write into the log.
      const user = await setup.redeem(code, username, password);
      audit.note({ ...askedBy(request), action: 'setup.completed', subject: username });
      return enter(await accounts.openSession(user), request, reply);
    },
  });

  app.post('/api/fleet/setup-code', {
    config: { guard: person('admin') },
    schema: { summary: 'A new setup code, while there is no user', response: { 201: setupCode } },
    handler: async (request, reply) => {
      const act = { ...askedBy(request), action: 'setup.code_created' } as const;
      const { code, expiresAtMs } = await audit.perform(act, () => setup.create());
      return reply.code(201).send({ code, expires_at: asTime(expiresAtMs) });
    },
  });

  app.get('/api/fleet/session', {
    config: { guard: person('read') },
    schema: { summary: 'Who is logged in', response: { 200: sessionInfo } },
    handler: async (request) => describe(requireSession(request).login),
  });

  app.post('/api/fleet/logout', {
    config: { guard: person('read') },
    schema: { summary: 'End this session', response: { 204: nothing } },
    handler: async (request, reply) => {
      await accounts.logout(requireSession(request).cookieValue);
      audit.note({ ...askedBy(request), action: 'login.ended' });
      clearSessionCookie(request, reply);
      return reply.code(204).send();
    },
  });

  app.post('/api/fleet/password', {
    config: { guard: person('admin') },
    schema: {
      summary: "Change a password; the user's sessions end",
      body: passwordChange,
      response: { 204: nothing },
    },
    handler: async (request, reply) => {
      const { username, current_password: current = '', new_password: next } = request.body;
      if (request.caller.kind === 'session') {
        const own = request.caller.login.user.username;
        if (username !== undefined && username !== own) {
          throw new AtlasError('scope_missing', 'On the page you change your own password.', {
            hint: 'For another user: atlas-fleet user passwd NAME',
          });
        }
        const act = { ...askedBy(request), action: 'password.changed', subject: own } as const;
        await audit.perform(act, () => accounts.changePassword(own, current, next, request.address));
        // The page that did it stays logged in; whoever else held a session is out.
        const login = await accounts.login(own, next, request.address);
        setSessionCookie(request, reply, login.cookieValue, login.expiresAtMs);
        return reply.code(204).send();
      }
      if (username === undefined) throw new AtlasError('bad_request', 'Name the user.');
      const act = { ...askedBy(request), action: 'password.changed', subject: username } as const;
      await audit.perform(act, () => accounts.setPassword(username, next));
      return reply.code(204).send();
    },
  });

  app.post('/api/fleet/password/confirm', {
    config: { guard: person('read'), cost: LOGIN_COST },
    schema: {
      summary: 'Your password again, for what asks for a recent one',
      body: passwordAgain,
      response: { 204: nothing },
    },
    handler: async (request, reply) => {
      await accounts.confirmSession(requireSession(request), request.body.password, request.address);
      return reply.code(204).send();
    },
  });

  app.get('/api/fleet/users', {
    config: { guard: person('admin') },
    schema: { summary: 'Users', response: { 200: userList } },
    handler: async () => ({ items: (await accounts.users()).map(describeUser), next_cursor: null }),
  });

  app.post('/api/fleet/users', {
    config: { guard: recentPassword('admin') },
    schema: { summary: 'A new administrator', body: userCreate, response: { 201: userInfo } },
    handler: async (request, reply) => {
      const { username, password } = request.body;
      const act = { ...askedBy(request), action: 'user.added', subject: username } as const;
      const user = await audit.perform(act, () => accounts.addUser(username, password));
      return reply.code(201).send(describeUser(user));
    },
  });

  app.get('/api/fleet/tokens', {
    config: { guard: person('admin') },
    schema: { summary: 'API tokens', response: { 200: tokenList } },
    handler: async () => ({ items: (await tokens.list()).map(describeToken), next_cursor: null }),
  });

  // A token is asked for no password: with one, an old session could do what asks for a recent one.
  app.post('/api/fleet/tokens', {
    config: { guard: recentPassword('admin') },
    schema: {
      summary: 'A new API token, shown this once',
      body: tokenCreate,
      response: { 201: tokenCreated },
    },
    handler: async (request, reply) => {
      const { name, scopes, expires_in_seconds: expiresInSeconds } = request.body;
      const detail = { scopes: scopes.join(', ') };
      const act = { ...askedBy(request), action: 'token.created', subject: name, detail } as const;
      const created = await audit.perform(act, () => tokens.create({ name, scopes, expiresInSeconds }));
      return reply.code(201).send({ ...describeToken(created.info), token: created.token });
    },
  });

  app.delete('/api/fleet/tokens/:id', {
    config: { guard: person('admin') },
    schema: {
      summary: 'Revoke an API token',
      params: z.object({ id: wantedId }),
      response: { 204: nothing },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const revoked = (await tokens.list()).find((token) => token.tokenId === id);
      if (revoked === undefined) throw noSuchToken();
      const act = { ...askedBy(request), action: 'token.revoked', subject: revoked.name } as const;
      await audit.perform(act, async () => {
        if (!(await tokens.remove(id))) throw noSuchToken();
      });
      return reply.code(204).send();
    },
  });
}

function requireSession(request: FastifyRequest) {
  if (request.caller.kind === 'session') return request.caller;
  throw new AtlasError('login_required', 'This is only for a page that is logged in.');
}

/** As askedBy(), for who was a stranger until this answer. */
function ofUser({ username }: { username: string }, { caller, address }: FastifyRequest) {
  return { ...askedBy({ caller, address }), actor: { kind: 'user', name: username } } as const;
}

function noSuchToken(): AtlasError {
  return new AtlasError('not_found', 'There is no such token.', {
    hint: 'Take its id from the list of tokens.',
  });
}

function describeUser(user: User) {
  return { username: user.username, created_at: asTime(user.createdAtMs) };
}

function describeToken(token: ApiToken) {
  return {
    token_id: token.tokenId,
    name: token.name,
    scopes: [...token.scopes],
    created_at: asTime(token.createdAtMs),
    expires_at: token.expiresAtMs === null ? null : asTime(token.expiresAtMs),
    last_used_at: token.lastUsedAtMs === null ? null : asTime(token.lastUsedAtMs),
    last_used_from: token.lastUsedFrom,
  };
}

function asTime(ms: number): string {
  return new Date(ms).toISOString();
}
