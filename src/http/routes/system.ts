/** Health for load balancers and people without a login: small, never cached, and without any name but the node's id. */
import { z } from 'zod';
import type { Changes } from '../../services/changes.ts';
import type { Readiness } from '../../services/readiness.ts';
import type { App } from '../app.ts';
import { FREE } from '../caller-rates.ts';
import { EventStreams } from '../event-streams.ts';
import { open, person } from '../guard.ts';
import { clusterHealth, EVENT_NAMES, readiness as readinessShape } from '../shapes/system.ts';

export interface SystemParts {
  readonly readiness: Readiness;
  readonly changes: Changes;
  readonly nodeId: string;
  readonly version: string;
}

export function systemRoutes(app: App, { readiness, changes, nodeId, version }: SystemParts): void {
  app.get('/livez', {
    config: { guard: open, cost: FREE },
    schema: { summary: 'The process answers', response: { 200: z.object({ status: z.literal('live') }) } },
    handler: async () => ({ status: 'live' as const }),
  });

  for (const url of ['/readyz', '/healthz']) {
    app.get(url, {
      config: { guard: open, cost: FREE },
      schema: { summary: 'Send traffic here?', response: { 200: readinessShape, 503: readinessShape } },
      handler: async (_, reply) => {
        const view = readiness.view();
        return reply.code(view.status === 'ready' ? 200 : 503).send(view);
      },
    });
  }

  app.get('/api/fleet/cluster/health', {
    config: { guard: open, cost: FREE },
    schema: {
      summary: 'The same as /readyz, for load balancers that know the seeds',
      response: { 200: clusterHealth, 503: clusterHealth },
    },
    handler: async (_, reply) => {
      const { status } = readiness.view();
      if (status === 'ready') return reply.send({ status: 'healthy', node_id: nodeId });
      return reply
        .code(503)
        .send({ status: status === 'draining' ? 'draining' : 'unhealthy', node_id: nodeId });
    },
  });

  app.get('/version', {
    config: { guard: open },
    schema: { summary: 'The version of this server', response: { 200: z.object({ version: z.string() }) } },
    handler: async () => ({ version }),
  });

  const streams = new EventStreams(changes);
  app.addHook('preClose', async () => streams.endAll());
  app.get('/api/fleet/events', {
    config: { guard: person('read') },
    schema: { summary: `Server-sent events: ${EVENT_NAMES.join(', ')}`, produces: ['text/event-stream'] },
    handler: async (request, reply) => streams.open(request, reply),
  });
}
