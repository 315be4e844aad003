/** Where agents report. The body stays bytes until report-intake opens it: nothing parses it before. */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { AtlasError, type ErrorCode } from '../../base/errors.ts';
import { REPORT_MAX_BYTES } from '../../protocol/limits.ts';
import type { ReportIntake } from '../../services/fleet/report-intake.ts';
import type { App } from '../app.ts';
import { declaredBytes } from '../bodies.ts';
import type { CallerRates } from '../caller-rates.ts';
import { agentKey } from '../guard.ts';
import type { NetworkShare } from '../network-share.ts';
import { reportAnswer } from '../shapes/agents.ts';

export interface AgentParts {
  readonly intake: ReportIntake;
  readonly nodeId: string;
}

interface AgentRouteParts extends AgentParts {
  readonly rates: CallerRates;
  readonly share: NetworkShare;
}

const NO_BODY = new Uint8Array();
/** Said before a report is opened; every other refusal comes later. */
const UNOPENED: ReadonlySet<ErrorCode> = new Set([
  'body_too_large',
  'report_v1_off',
  'report_plain',
  'report_refused',
]);

export function agentRoutes(app: App, parts: AgentRouteParts): void {
  const routes: FastifyPluginAsync = async (scope) => {
    scope.removeAllContentTypeParsers();
    const asBytes = { parseAs: 'buffer', bodyLimit: REPORT_MAX_BYTES } as const;
    scope.addContentTypeParser('application/json', asBytes, (_, body, done) => done(null, body));

    scope.post('/api/fleet/report', {
      config: { guard: agentKey },
      bodyLimit: REPORT_MAX_BYTES,
      schema: {
        summary: 'Takes one sealed report; answers only when it is durable',
        response: { 200: reportAnswer },
      },
      onRequest: async (request) => parts.rates.reportComes(request.address, announcedBytes(request)),
      handler: async (request) => {
        const { stored } = await take(request, parts);
        return { status: 'ok', e2ee_verified: true, stored, node_id: parts.nodeId };
      },
    });
  };
  app.register(routes);
}

/** All agents show one key, so it is the report, when it opens, by which network and connection are judged. */
async function take(request: FastifyRequest, parts: AgentRouteParts): Promise<{ stored: boolean }> {
  try {
    const taken = await parts.intake.take((request.body as Buffer | undefined) ?? NO_BODY);
    noteOpened(request, parts);
    return taken;
  } catch (error) {
    if (error instanceof AtlasError && !UNOPENED.has(error.code)) noteOpened(request, parts);
    throw error;
  }
}

function noteOpened(request: FastifyRequest, { rates, share }: AgentRouteParts): void {
  rates.reportOpened(request.address, announcedBytes(request));
  share.agent(request.raw.socket);
}

/** In chunks it may be as long as any. */
function announcedBytes(request: FastifyRequest): number {
  return request.headers['transfer-encoding'] === undefined ? declaredBytes(request) : REPORT_MAX_BYTES;
}
