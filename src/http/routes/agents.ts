/** Where agents report. The body stays bytes until report-intake opens it: nothing parses it before. */
import type { FastifyPluginAsync } from 'fastify';
import { REPORT_MAX_BYTES } from '../../protocol/limits.ts';
import type { ReportIntake } from '../../services/fleet/report-intake.ts';
import type { App } from '../app.ts';
import { agentKey } from '../guard.ts';
import { reportAnswer } from '../shapes/agents.ts';

export interface AgentParts {
  readonly intake: ReportIntake;
  readonly nodeId: string;
}

export function agentRoutes(app: App, { intake, nodeId }: AgentParts): void {
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
      handler: async (request) => {
        const { stored } = await intake.take(request.body as Buffer);
        return { status: 'ok', e2ee_verified: true, stored, node_id: nodeId };
      },
    });
  };
  app.register(routes);
}
