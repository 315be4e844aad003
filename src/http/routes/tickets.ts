/** Join tickets, for who administers. The text of one is in one answer, once, and nowhere else. */
import { z } from 'zod';
import type { Tickets } from '../../services/trust/tickets.ts';
import type { App } from '../app.ts';
import { askedBy } from '../caller.ts';
import { person, recentPassword } from '../guard.ts';
import { ticketCreate, ticketCreated, ticketList } from '../shapes/tickets.ts';
import { wantedId } from '../shapes/values.ts';

export interface TicketRouteParts {
  readonly tickets: Tickets;
}

const PATH = '/api/fleet/cluster/tickets';

export function ticketRoutes(app: App, { tickets }: TicketRouteParts): void {
  app.get(PATH, {
    config: { guard: person('admin') },
    schema: { summary: 'Join tickets, the newest first', response: { 200: ticketList } },
    handler: async () => ({ items: tickets.list(), next_cursor: null, obstacle: tickets.obstacle }),
  });

  app.post(PATH, {
    config: { guard: recentPassword('admin') },
    schema: {
      summary: 'Makes a join ticket; its text is shown once',
      body: ticketCreate,
      response: { 201: ticketCreated },
    },
    handler: async (request, reply) => {
      const { life_seconds: lifeSeconds } = request.body;
      const { id, text, expiresAt, servers } = await tickets.create({ lifeSeconds }, askedBy(request));
      const ticket = text.revealText();
      return reply.code(201).send({ id, ticket, expires_at: expiresAt, servers: [...servers] });
    },
  });

  app.delete(`${PATH}/:id`, {
    config: { guard: person('admin') },
    schema: {
      summary: 'Ends a join ticket that nobody has used',
      params: z.object({ id: wantedId }),
      response: { 204: z.undefined() },
    },
    handler: async (request, reply) => {
      await tickets.revoke(request.params.id, askedBy(request));
      return reply.code(204).send();
    },
  });
}
