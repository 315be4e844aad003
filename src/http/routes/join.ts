/**
 * The door for a server that is to be: open, because a ticket is all that it has. Each request costs as much as a
 * login; who proves no ticket is told one thing (docs/protocol/join.md).
 */
import { z } from 'zod';
import type { Joining } from '../../services/trust/joining.ts';
import type { App } from '../app.ts';
import { JOIN_COST } from '../caller-rates.ts';
import { open } from '../guard.ts';
import { joinAnswer, joinChallenge, joinRequest } from '../shapes/join.ts';

export interface JoinRouteParts {
  readonly joining: Joining;
}

export function joinRoutes(app: App, { joining }: JoinRouteParts): void {
  const config = { guard: open, cost: JOIN_COST };

  app.post('/api/fleet/cluster/join/challenge', {
    config,
    schema: {
      summary: 'A nonce for one request to join',
      body: z.strictObject({}),
      response: { 200: joinChallenge },
    },
    handler: async () => joining.challenge(),
  });

  app.post('/api/fleet/cluster/join', {
    config,
    schema: {
      summary: 'Redeems a join ticket: admits a server, and seals it what it needs',
      body: joinRequest,
      response: { 200: joinAnswer },
    },
    handler: async (request) => joining.join(request.body, request.address),
  });
}
