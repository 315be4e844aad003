/** Passwords: one's own, another's by whoever may administer, and one's own again. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AtlasError } from '../../base/errors.ts';
import type { Accounts } from '../../services/people/accounts.ts';
import type { Audit } from '../../services/people/audit.ts';
import type { App } from '../app.ts';
import { askedBy, requireSession } from '../caller.ts';
import { LOGIN_COST } from '../caller-rates.ts';
import { person } from '../guard.ts';
import { setSessionCookie } from '../session-cookie.ts';
import { passwordAgain, passwordChange } from '../shapes/accounts.ts';

export interface PasswordRouteParts {
  readonly accounts: Accounts;
  readonly audit: Audit;
}

type Change = z.output<typeof passwordChange>;

const nothing = { 204: z.undefined() };

export function passwordRoutes(app: App, parts: PasswordRouteParts): void {
  app.post('/api/fleet/password', {
    config: { guard: person('admin') },
    schema: {
      summary: "Change a password; the user's sessions end",
      body: passwordChange,
      response: nothing,
    },
    handler: async (request, reply) => {
      if (request.caller.kind === 'session') await changeOwn(parts, request.body, request, reply);
      else await setAnothers(parts, request.body, request);
      return reply.code(204).send();
    },
  });

  app.post('/api/fleet/password/confirm', {
    config: { guard: person('read'), cost: LOGIN_COST },
    schema: {
      summary: 'Your password again, for what asks for a recent one',
      body: passwordAgain,
      response: nothing,
    },
    handler: async (request, reply) => {
      await parts.accounts.confirmSession(requireSession(request), request.body.password, request.address);
      return reply.code(204).send();
    },
  });
}

/** The page that did it stays logged in; whoever else held a session is out. */
async function changeOwn(
  { accounts, audit }: PasswordRouteParts,
  { username, current_password: current = '', new_password: next }: Change,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const own = requireSession(request).login.user.username;
  if (username !== undefined && username !== own) {
    throw new AtlasError('scope_missing', 'On the page you change your own password.', {
      hint: 'For another user: atlas-fleet user passwd NAME',
    });
  }
  const act = { ...askedBy(request), action: 'password.changed', subject: own } as const;
  await audit.perform(act, () => accounts.changePassword(own, current, next, request.address));
  const login = await accounts.login(own, next, request.address);
  setSessionCookie(request, reply, login.cookieValue, login.expiresAtMs);
}

async function setAnothers(
  { accounts, audit }: PasswordRouteParts,
  { username, new_password: next }: Change,
  request: FastifyRequest,
): Promise<void> {
  if (username === undefined) throw new AtlasError('bad_request', 'Name the user.');
  const act = { ...askedBy(request), action: 'password.changed', subject: username } as const;
  await audit.perform(act, () => accounts.setPassword(username, next));
}
