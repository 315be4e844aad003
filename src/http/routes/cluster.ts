/** The cluster as this node sees it. */
import { z } from 'zod';
import type { Audit } from '../../services/audit.ts';
import type { ClusterView } from '../../services/cluster-view.ts';
import type { App } from '../app.ts';
import { askedBy } from '../caller.ts';
import { READING_COST } from '../caller-rates.ts';
import { person } from '../guard.ts';
import {
  clusterStatus,
  healthCheck,
  memberRemoval,
  nodeList,
  securityStatus,
  slotInspection,
} from '../shapes.ts';

export interface ClusterRouteParts {
  readonly view: ClusterView;
  readonly audit: Audit;
}

export function clusterRoutes(app: App, { view, audit }: ClusterRouteParts): void {
  app.get('/api/fleet/cluster/nodes', {
    config: { guard: person('read') },
    schema: { summary: 'The servers of the cluster', response: { 200: nodeList } },
    handler: async () => view.nodes(),
  });

  app.get('/api/fleet/cluster/status', {
    config: { guard: person('read') },
    schema: { summary: 'Counts, security and refused records', response: { 200: clusterStatus } },
    handler: async () => view.status(),
  });

  app.get('/api/fleet/cluster/security', {
    config: { guard: person('read') },
    schema: { summary: "The seeds' security status and the level", response: { 200: securityStatus } },
    handler: async () => view.status().security,
  });

  app.get('/api/fleet/cluster/health-check', {
    config: { guard: person('read'), cost: READING_COST },
    schema: {
      summary: 'Everything the Cluster Health Monitor shows',
      querystring: z.strictObject({ probe: z.stringbool().default(false) }),
      response: { 200: healthCheck },
    },
    handler: async ({ query: { probe } }) => view.healthCheck(probe),
  });

  app.post('/api/fleet/cluster/remove', {
    config: { guard: person('admin') },
    schema: {
      summary: 'Takes a server that is gone off the roster',
      body: memberRemoval,
      response: { 204: z.undefined() },
    },
    handler: async (request, reply) => {
      const { node_id: nodeId } = request.body;
      const act = { ...askedBy(request), action: 'roster.removed', subject: nodeId } as const;
      await audit.perform(act, () => view.remove(nodeId));
      return reply.code(204).send();
    },
  });

  app.get('/api/fleet/cluster/inspect', {
    config: { guard: person('admin') },
    schema: {
      summary: 'What lies under one key of the registry, and what this server thinks of it',
      querystring: z.strictObject({ key: z.string().max(256) }),
      response: { 200: slotInspection },
    },
    handler: async ({ query: { key } }) => view.inspect(key),
  });
}
