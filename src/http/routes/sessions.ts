/** Sessions: the ways in, the first day's among them, who is in, and the way out. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Accounts } from '../../services/people/accounts.ts';
import type { Audit } from '../../services/people/audit.ts';
import type { Login, NewLogin, Sessions } from '../../services/people/sessions.ts';
import type { SetupCodes } from '../../services/people/setup-code.ts';
import type { App } from '../app.ts';
import { askedBy, requireSession } from '../caller.ts';
import { LOGIN_COST } from '../caller-rates.ts';
import { person, sameOrigin } from '../guard.ts';
import { clearSessionCookie, setSessionCookie } from '../session-cookie.ts';
import { loginRequest, sessionInfo, setupCode, setupRequest } from '../shapes/accounts.ts';
import { asTime } from '../shapes/values.ts';

export interface SessionRouteParts {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly setup: SetupCodes;
  readonly audit: Audit;
  readonly nodeId: string;
}

export function sessionRoutes(app: App, parts: SessionRouteParts): void {
  openingRoutes(app, parts);
  setupCodeRoute(app, parts);
  openedRoutes(app, parts);
}

function openingRoutes(app: App, { accounts, sessions, setup, audit, nodeId }: SessionRouteParts): void {
  const enter = (login: NewLogin, request: FastifyRequest, reply: FastifyReply) => {
    setSessionCookie(request, reply, login.cookieValue, login.expiresAtMs);
    audit.note({ ...ofUser(login.user, request), action: 'login.succeeded' });
    return describeLogin(login, nodeId);
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
      return enter(await sessions.open(user), request, reply);
    },
  });
}

function setupCodeRoute(app: App, { setup, audit }: SessionRouteParts): void {
  app.post('/api/fleet/setup-code', {
    config: { guard: person('admin') },
    schema: { summary: 'A new setup code, while there is no user', response: { 201: setupCode } },
    handler: async (request, reply) => {
      const act = { ...askedBy(request), action: 'setup.code_created' } as const;
      const { code, expiresAtMs } = await audit.perform(act, () => setup.create());
      return reply.code(201).send({ code, expires_at: asTime(expiresAtMs) });
    },
  });
}

function openedRoutes(app: App, { sessions, audit, nodeId }: SessionRouteParts): void {
  app.get('/api/fleet/session', {
    config: { guard: person('read') },
    schema: { summary: 'Who is logged in', response: { 200: sessionInfo } },
    handler: async (request) => describeLogin(requireSession(request).login, nodeId),
  });

  app.post('/api/fleet/logout', {
    config: { guard: person('read') },
    schema: { summary: 'End this session', response: { 204: z.undefined() } },
    handler: async (request, reply) => {
      await sessions.logout(requireSession(request).cookieValue);
      audit.note({ ...askedBy(request), action: 'login.ended' });
      clearSessionCookie(request, reply);
      return reply.code(204).send();
    },
  });
}

function describeLogin({ user, csrfToken, expiresAtMs }: Login, nodeId: string) {
  return {
    username: user.username,
    csrf_token: csrfToken,
    expires_at: asTime(expiresAtMs),
    node_id: nodeId,
  };
}

/** As askedBy(), for who was a stranger until this answer. */
function ofUser({ username }: { username: string }, { caller, address }: FastifyRequest) {
  return { ...askedBy({ caller, address }), actor: { kind: 'user', name: username } } as const;
}
