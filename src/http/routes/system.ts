/** Health for load balancers and people without a login: small, never cached, and without names of hosts. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AtlasError } from '../../base/errors.ts';
import type { Changes } from '../../services/changes.ts';
import type { Readiness } from '../../services/readiness.ts';
import { open, person } from '../guard.ts';
import type { App } from '../server.ts';
import { clusterHealth, EVENT_NAMES, readiness as readinessShape } from '../shapes.ts';

export interface SystemParts {
  readonly readiness: Readiness;
  readonly changes: Changes;
  readonly nodeId: string;
  readonly version: string;
}

/** Browsers that listen at the same time; more of them poll. Arbitrary. */
const STREAMS_MAX = 256;
/** Milliseconds after which a stream ends, so that its session is checked again when it comes back. */
const STREAM_MAX_MS = 600_000;
/** Milliseconds between comments that keep proxies from closing a quiet stream. */
const KEEP_ALIVE_MS = 15_000;

export function systemRoutes(app: App, { readiness, changes, nodeId, version }: SystemParts): void {
  app.get('/livez', {
    config: { guard: open },
    schema: { summary: 'The process answers', response: { 200: z.object({ status: z.literal('live') }) } },
    handler: async () => ({ status: 'live' as const }),
  });

  for (const url of ['/readyz', '/healthz']) {
    app.get(url, {
      config: { guard: open },
      schema: { summary: 'Send traffic here?', response: { 200: readinessShape, 503: readinessShape } },
      handler: async (_, reply) => {
        const view = readiness.view();
        return reply.code(view.status === 'ready' ? 200 : 503).send(view);
      },
    });
  }

  app.get('/api/fleet/cluster/health', {
    config: { guard: open },
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

  const streams = new Set<FastifyReply['raw']>();
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });
  app.get('/api/fleet/events', {
    config: { guard: person('read') },
    schema: { summary: `Server-sent events: ${EVENT_NAMES.join(', ')}`, produces: ['text/event-stream'] },
    handler: async (request, reply) => {
      if (streams.size >= STREAMS_MAX) {
        throw new AtlasError('rate_limited', 'Too many pages listen already; this one polls.', {
          retryAfterSeconds: 30,
        });
      }
      reply.hijack();
      const stream = reply.raw;
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) stream.setHeader(name, value);
      stream.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      stream.write('retry: 3000\n\n');
      streams.add(stream);
      const unsubscribe = changes.subscribe((topic) => stream.write(`event: ${topic}\ndata: {}\n\n`));
      const keepAlive = setInterval(() => stream.write(':\n\n'), KEEP_ALIVE_MS).unref();
      const end = setTimeout(() => stream.end(), STREAM_MAX_MS).unref();
      request.raw.once('close', () => {
        unsubscribe();
        clearInterval(keepAlive);
        clearTimeout(end);
        streams.delete(stream);
      });
    },
  });
}
