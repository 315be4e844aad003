/** The Macs: a list, one of them, and its figures over time. */
import { z } from 'zod';
import {
  type FleetView,
  MACHINES_PER_PAGE,
  MACHINES_PER_PAGE_MAX,
  SERIES_POINTS_MAX,
} from '../../services/fleet/fleet-view.ts';
import type { App } from '../app.ts';
import { READING_COST } from '../caller-rates.ts';
import { person } from '../guard.ts';
import { machine, machineId, machineList, moment, series, seriesMetric } from '../shapes/machines.ts';

const HOUR_MS = 3_600_000;
const DEFAULT_POINTS = 300;
const params = z.object({ id: machineId });

export function machineRoutes(app: App, { fleet, nowMs }: { fleet: FleetView; nowMs: () => number }): void {
  app.get('/api/fleet/machines', {
    config: { guard: person('read'), cost: READING_COST },
    schema: {
      summary: 'Machines, page by page',
      querystring: z.strictObject({
        limit: z.coerce.number().int().min(1).max(MACHINES_PER_PAGE_MAX).default(MACHINES_PER_PAGE),
        cursor: z.string().max(512).optional(),
      }),
      response: { 200: machineList },
    },
    handler: async ({ query: { limit, cursor } }) => fleet.machines({ limit, ...(cursor && { cursor }) }),
  });

  app.get('/api/fleet/machines/:id', {
    config: { guard: person('read') },
    schema: { summary: 'One machine', params, response: { 200: machine } },
    handler: async ({ params: { id } }) => fleet.machine(id),
  });

  app.get('/api/fleet/machines/:id/series', {
    config: { guard: person('read'), cost: READING_COST },
    schema: {
      summary: 'One metric over time; the last hour unless asked otherwise',
      params,
      querystring: z.strictObject({
        metric: seriesMetric,
        from: moment.optional(),
        to: moment.optional(),
        points: z.coerce.number().int().min(1).max(SERIES_POINTS_MAX).default(DEFAULT_POINTS),
      }),
      response: { 200: series },
    },
    handler: async ({ params: { id }, query: { metric, from, to, points } }) => {
      const toMs = to ?? nowMs();
      return fleet.series(id, metric, { fromMs: from ?? toMs - HOUR_MS, toMs, points });
    },
  });
}
