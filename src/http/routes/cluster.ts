/** The cluster as this node sees it. */
import { z } from 'zod';
import type { ClusterView } from '../../services/cluster/cluster-view.ts';
import type { SecurityCheck } from '../../services/security/security-check.ts';
import type { App } from '../app.ts';
import { READING_COST } from '../caller-rates.ts';
import { person } from '../guard.ts';
import { clusterStatus, healthCheck, nodeList, slotInspection } from '../shapes/cluster.ts';
import { securityReport } from '../shapes/security.ts';

export interface ClusterRouteParts {
  readonly view: ClusterView;
  readonly security: SecurityCheck;
}

export function clusterRoutes(app: App, { view, security }: ClusterRouteParts): void {
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
    config: { guard: person('read'), cost: READING_COST },
    schema: {
      summary: 'The security status, every line of it computed, and what each leak would give away',
      querystring: z.strictObject({ check: z.stringbool().default(false) }),
      response: { 200: securityReport },
    },
    handler: async ({ query: { check } }) => {
      if (check) await security.check();
      return security.report();
    },
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
