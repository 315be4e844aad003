/**
 * Packages: whether one can be built, the building of one, and the records. A package goes out as it is put together,
 * at the pace of who reads it; whatever stands in the way is a problem before the first byte.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HandedPackage } from '../../services/packages/handed-package.ts';
import type { PackageBuilder } from '../../services/packages/package-builder.ts';
import { FILE_NAMES } from '../../services/packages/package-kinds.ts';
import type { PackageOrder } from '../../services/packages/package-order.ts';
import type { PackageReadiness } from '../../services/packages/package-readiness.ts';
import {
  BUILDS_PER_PAGE,
  BUILDS_PER_PAGE_MAX,
  type PackageRecords,
} from '../../services/packages/package-records.ts';
import type { PackageKind } from '../../store/package-store.ts';
import type { App } from '../app.ts';
import { askedBy } from '../caller.ts';
import { BUILDING_COST, READING_COST } from '../caller-rates.ts';
import { person, recentPassword } from '../guard.ts';
import {
  agentOrder,
  clusterNodeOrder,
  packageBuild,
  packageBuildList,
  packageFile,
  packageReadiness,
  packageReadinessQuery,
  standaloneOrder,
} from '../shapes/packages.ts';
import { wantedId } from '../shapes/values.ts';

export interface PackageRouteParts {
  readonly packages: {
    readonly readiness: PackageReadiness;
    readonly builder: PackageBuilder;
    readonly records: PackageRecords;
    /** What stands for what an order leaves out. */
    readonly usual: { readonly port: number; readonly intervalSeconds: number };
  };
}

const PATH = '/api/fleet/packages';
const PACKAGE_TYPE = 'application/octet-stream';
const ANSWER =
  'The package. X-Atlas-Package is its build_id, under which GET /api/fleet/packages/{id} tells what became of it.';
const REFUSALS =
  '409 package_not_ready: each of errors is one thing to mend first; also runtime_missing and signer_missing. 503 packages_busy: others are being built, and Retry-After says when to come again.';
/** Bytes that are read and hashed while those before them are on their way. Arbitrary. */
const READ_AHEAD_BYTES = 4 * 1024 * 1024;

export function packageRoutes(app: App, parts: PackageRouteParts): void {
  readRoutes(app, parts);
  buildRoutes(app, parts);
}

function readRoutes(app: App, { packages }: PackageRouteParts): void {
  app.get(`${PATH}/readiness`, {
    config: { guard: person('packages:build'), cost: READING_COST },
    schema: {
      summary: 'Whether a package can be built here, and what would be in it',
      querystring: packageReadinessQuery,
      response: { 200: packageReadiness },
    },
    handler: async ({ query }) => {
      const { kind, architecture, credentials } = query;
      return packages.readiness.view({
        kind,
        architecture,
        credentials,
        nodeName: query.node_name ?? null,
        redisHost: query.redis_host ?? null,
        servers: query.servers ?? null,
        intervalSeconds: query.interval_seconds ?? null,
      });
    },
  });

  app.get(PATH, {
    config: { guard: person('packages:build'), cost: READING_COST },
    schema: {
      summary: 'Packages that were built, the newest first, page by page',
      querystring: z.strictObject({
        limit: z.coerce.number().int().min(1).max(BUILDS_PER_PAGE_MAX).default(BUILDS_PER_PAGE),
        cursor: z.string().max(64).optional(),
      }),
      response: { 200: packageBuildList },
    },
    handler: async ({ query }) => packages.records.list(query),
  });

  app.get(`${PATH}/:id`, {
    config: { guard: person('packages:build') },
    schema: {
      summary: 'What became of a package, and who joined by it',
      params: z.object({ id: wantedId }),
      response: { 200: packageBuild },
    },
    handler: async ({ params }) => packages.records.find(params.id),
  });

  app.post(`${PATH}/:id/revoke`, {
    config: { guard: recentPassword('packages:build') },
    schema: {
      summary: 'Ends the join ticket of a package that carries no other secret',
      description:
        '204 when the ticket admits nobody any more. 409 package_not_revocable where the secrets themselves are inside, ticket_used and ticket_revoked.',
      params: z.object({ id: wantedId }),
      response: { 204: z.undefined() },
    },
    handler: async (request, reply) => {
      await packages.records.revoke(request.params.id, askedBy(request));
      return reply.code(204).send();
    },
  });
}

function buildRoutes(app: App, { packages }: PackageRouteParts): void {
  const config = { guard: recentPassword('packages:build'), cost: BUILDING_COST };
  const response = {
    200: { description: ANSWER, content: { [PACKAGE_TYPE]: { schema: packageFile } } },
  };
  const answer = async (order: PackageOrder, request: FastifyRequest, reply: FastifyReply) => {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    return handOver(await packages.builder.build(order, askedBy(request), gone.signal), reply);
  };

  app.post('/api/fleet/build-cluster-package', {
    config,
    schema: {
      summary: 'Builds a package of a server that joins this cluster',
      description: REFUSALS,
      body: clusterNodeOrder,
      response,
    },
    handler: async (request, reply) => {
      const { body } = request;
      const order: PackageOrder = {
        kind: 'cluster-node',
        ...common('cluster-node', body),
        credentials: body.credentials,
        nodeName: body.node_name ?? null,
        port: body.port ?? packages.usual.port,
        redisHost: body.redis_host ?? null,
        redisPort: body.redis_port ?? null,
        ticketLifeSeconds: body.ticket_life_seconds,
        existingConfig: body.existing_config,
      };
      return answer(order, request, reply);
    },
  });

  app.post('/api/fleet/build-standalone-package', {
    config,
    schema: {
      summary: 'Builds a package of a server of its own',
      description: REFUSALS,
      body: standaloneOrder,
      response,
    },
    handler: async (request, reply) => {
      const { body } = request;
      const port = body.port ?? packages.usual.port;
      return answer({ kind: 'standalone', ...common('standalone', body), port }, request, reply);
    },
  });

  app.post('/api/fleet/build-agent-package', {
    config,
    schema: {
      summary: 'Builds a package of an agent that reports here',
      description: REFUSALS,
      body: agentOrder,
      response,
    },
    handler: async (request, reply) => {
      const { body } = request;
      const intervalSeconds = body.interval_seconds ?? packages.usual.intervalSeconds;
      const servers = body.servers ?? null;
      return answer({ kind: 'agent', ...common('agent', body), servers, intervalSeconds }, request, reply);
    },
  });
}

function common(
  kind: PackageKind,
  body: Pick<z.output<typeof standaloneOrder>, 'architecture' | 'package_name' | 'sign' | 'note'>,
) {
  const { architecture, sign, note = '', package_name: fileName = FILE_NAMES[kind] } = body;
  return { architecture, sign, note, fileName };
}

/** Whether the reader went away before, meanwhile or not at all, the package hears of it. */
function handOver(built: HandedPackage, reply: FastifyReply): FastifyReply {
  reply.raw.once('close', () => built.abandon());
  if (reply.raw.closed) built.abandon();
  return reply
    .headers({
      'content-type': PACKAGE_TYPE,
      'content-length': built.size,
      'content-disposition': `attachment; filename="${built.fileName}"`,
      'cache-control': 'no-store',
      'x-atlas-package': built.buildId,
    })
    .send(Readable.from(built.read(), { objectMode: false, highWaterMark: READ_AHEAD_BYTES }));
}
