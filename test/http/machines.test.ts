/** The door of the machines on a real server: by which rule it judges them, and which metrics it has. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SERIES_METRICS } from '../../src/fleet/series.ts';
import type { MachineListView } from '../../src/services/fleet/fleet-view.ts';
import { FleetClient } from '../scenario/fleet-client.ts';
import { LiveCluster } from '../scenario/live-cluster.ts';
import { expectProblem } from './problem-answer.ts';

let cluster: LiveCluster;
let client: FleetClient;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 1, values: { 'agent.interval': 600 } });
  client = new FleetClient(cluster.servers[0]?.url ?? '', () => cluster.token);
});

afterAll(() => cluster?.stop());

it('judges machines by the interval that its configuration gives to agents', async () => {
  const { thresholds } = await client.get<MachineListView>('/api/fleet/machines');
  expect(thresholds).toEqual({ late_after_seconds: 1800, offline_after_seconds: 3600 });
});

const draw = (metric: string) => client.ask(`/api/fleet/machines/nobody/series?metric=${metric}`);

it.each(SERIES_METRICS)('has the metric %s', async (metric) => {
  await expectProblem(await draw(metric), 404, 'machine_unknown');
});

it.each(['constructor', 'CPU_PERCENT', ''])('has no metric "%s"', async (metric) => {
  await expectProblem(await draw(metric), 400, 'bad_request');
});
