/**
 * The roster: who belongs to the cluster, who goes, and on which terms others come. Each act is in the audit log before
 * it is done, but an eviction waits for no database.
 */
import { z } from 'zod';
import type { Audit } from '../../services/people/audit.ts';
import type { TrustDesk } from '../../services/trust/trust-desk.ts';
import type { App } from '../app.ts';
import { askedBy } from '../caller.ts';
import { person, recentPassword } from '../guard.ts';
import { admissionChange, levelChange, pastChoice, rosterMemberName, rosterView } from '../shapes/trust.ts';

export interface RosterRouteParts {
  readonly trust: TrustDesk;
  readonly audit: Audit;
}

const nothing = { 204: z.undefined() };

export function rosterRoutes(app: App, parts: RosterRouteParts): void {
  memberRoutes(app, parts);
  termRoutes(app, parts);
}

function memberRoutes(app: App, { trust, audit }: RosterRouteParts): void {
  app.get('/api/fleet/cluster/roster', {
    config: { guard: person('read') },
    schema: { summary: 'Who belongs to the cluster, and the last steps', response: { 200: rosterView } },
    handler: async () => trust.roster(),
  });

  const acts = [
    ['remove', 'roster.removed', 'Takes a server that is gone off the roster'],
    ['evict', 'roster.evicted', 'Bans a server for ever, and changes the secret that it knows'],
    ['readmit', 'roster.readmitted', 'Lifts the ban of a name, for another key'],
  ] as const;
  for (const [act, action, summary] of acts) {
    app.post(`/api/fleet/cluster/${act}`, {
      config: { guard: recentPassword('admin') },
      schema: { summary, body: rosterMemberName, response: nothing },
      handler: async (request, reply) => {
        const { node_id: subject } = request.body;
        const told = { ...askedBy(request), action, subject };
        const work = () => trust[act](subject);
        await (act === 'evict' ? audit.insist(told, work) : audit.perform(told, work));
        return reply.code(204).send();
      },
    });
  }
}

function termRoutes(app: App, { trust, audit }: RosterRouteParts): void {
  app.post('/api/fleet/cluster/admission', {
    config: { guard: recentPassword('admin') },
    schema: { summary: 'What a new server needs', body: admissionChange, response: nothing },
    handler: async (request, reply) => {
      const { admission: subject } = request.body;
      const act = { ...askedBy(request), action: 'roster.admission_changed', subject } as const;
      await audit.perform(act, () => trust.setAdmission(subject));
      return reply.code(204).send();
    },
  });

  app.post('/api/fleet/cluster/level', {
    config: { guard: recentPassword('admin') },
    schema: { summary: 'What security must not fall below', body: levelChange, response: nothing },
    handler: async (request, reply) => {
      const { level } = request.body;
      const act = { ...askedBy(request), action: 'roster.level_changed', subject: `${level}` } as const;
      await audit.perform(act, () => trust.setLevel(level));
      return reply.code(204).send();
    },
  });

  app.post('/api/fleet/cluster/choose', {
    config: { guard: recentPassword('admin') },
    schema: {
      summary: 'Says which of two pasts of the roster is right',
      body: pastChoice,
      response: nothing,
    },
    handler: async (request, reply) => {
      const { hash } = request.body;
      const act = { ...askedBy(request), action: 'roster.chosen', subject: hash } as const;
      await audit.perform(act, () => trust.choose(hash));
      return reply.code(204).send();
    },
  });
}
