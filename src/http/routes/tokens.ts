/** API tokens, for scripts. */
import { z } from 'zod';
import { AtlasError } from '../../base/errors.ts';
import type { ApiTokens } from '../../services/people/api-tokens.ts';
import type { Audit } from '../../services/people/audit.ts';
import type { ApiToken } from '../../store/account-store.ts';
import type { App } from '../app.ts';
import { askedBy } from '../caller.ts';
import { person, recentPassword } from '../guard.ts';
import { tokenCreate, tokenCreated, tokenList } from '../shapes/accounts.ts';
import { asTime, wantedId } from '../shapes/values.ts';

export interface TokenRouteParts {
  readonly tokens: ApiTokens;
  readonly audit: Audit;
}

export function tokenRoutes(app: App, { tokens, audit }: TokenRouteParts): void {
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
      response: { 204: z.undefined() },
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

function noSuchToken(): AtlasError {
  return new AtlasError('not_found', 'There is no such token.', {
    hint: 'Take its id from the list of tokens.',
  });
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
