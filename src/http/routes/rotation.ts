/**
 * The rotation of the cluster secret. Each act is in the audit log before it is done, but after a compromise, where it
 * evicts, it waits for no database.
 */
import type { FastifyRequest } from 'fastify';
import type { Audit, AuditAct } from '../../services/people/audit.ts';
import type { TrustDesk } from '../../services/trust/trust-desk.ts';
import type { App } from '../app.ts';
import { askedBy } from '../caller.ts';
import { person, recentPassword } from '../guard.ts';
import { rotationRequest, rotationView } from '../shapes/trust.ts';

export interface RotationRouteParts {
  readonly trust: TrustDesk;
  readonly audit: Audit;
}

export function rotationRoutes(app: App, { trust, audit }: RotationRouteParts): void {
  app.get('/api/fleet/cluster/rotation', {
    config: { guard: person('read') },
    schema: { summary: 'How far a rotation of the secret is, node by node', response: { 200: rotationView } },
    handler: async () => trust.rotation(),
  });

  app.post('/api/fleet/cluster/rotation', {
    config: { guard: recentPassword('admin') },
    schema: {
      summary: 'Changes the cluster secret; after a compromise only who is kept gets it',
      body: rotationRequest,
      response: { 202: rotationView },
    },
    handler: async (request, reply) => {
      const { body } = request;
      if (body.mode === 'routine') await audit.perform(rotationAct(request, null), () => trust.rotate());
      else await audit.insist(rotationAct(request, body.keep), () => trust.rotateAfterCompromise(body.keep));
      return reply.code(202).send(trust.rotation());
    },
  });

  app.delete('/api/fleet/cluster/rotation', {
    config: { guard: recentPassword('admin') },
    schema: { summary: 'Back to the secret that counted before', response: { 202: rotationView } },
    handler: async (request, reply) => {
      await audit.perform({ ...askedBy(request), action: 'rotation.abandoned' }, () =>
        trust.abandonRotation(),
      );
      return reply.code(202).send(trust.rotation());
    },
  });
}

function rotationAct(request: FastifyRequest, kept: readonly { node_id: string }[] | null): AuditAct {
  const act = { ...askedBy(request), action: 'rotation.started' } as const;
  if (kept === null) return { ...act, detail: { mode: 'routine' } };
  return { ...act, detail: { mode: 'compromise', kept: kept.map(({ node_id }) => node_id).join(' ') } };
}
