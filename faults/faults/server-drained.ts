/** SIGTERM of a server under load: it leaves in good order, and no request fails. */

import { eventually } from '../../test/scenario/eventually.ts';
import { FleetClient } from '../../test/scenario/fleet-client.ts';
import type { Fault } from '../fault.ts';
import type { Stand } from '../stand.ts';
import { Standards } from '../standards.ts';
import type { Figure } from '../verdict.ts';

const NAME = 'SIGTERM of a server';
const EXIT_BAR_SECONDS = 10;
const WELL_MS = 120_000;
/** Milliseconds in which it must say so, or the figure says that it never did. */
const SAID_MS = 15_000;

export const serverDrained: Fault = {
  name: NAME,
  about: 'a server is asked to end while reports arrive, and started again',
  stand: 'cluster',
  minutes: ({ timeoutSeconds }) => (timeoutSeconds + 30) / 60,
  async run(stand) {
    await stand.wellAgain(WELL_MS);
    const standards = await Standards.begin(NAME, stand);
    const figures = await drain(stand);
    await stand.third.process.start();
    const back = (await stand.wellAgain(WELL_MS)) / 1000;
    return [...figures, figure('all well after its start', back, 's', 5), ...(await standards.figures())];
  },
};

async function drain(stand: Stand): Promise<Figure[]> {
  const leaving = stand.third;
  const askedAtMs = performance.now();
  const failedBefore = failures(stand);
  const ended = leaving.process.terminate().catch(() => -1);
  const draining = seconds(askedAtMs, 'its health says draining', () => saysDraining(leaving.url));
  const code = await ended;
  const endedAfter = (performance.now() - askedAtMs) / 1000;
  const left = await Promise.all(
    stand
      .others(leaving)
      .map(({ name }) =>
        seconds(askedAtMs, 'peers show left', async () =>
          stand.witness.firstSeen(name, leaving.name, 'left', askedAtMs),
        ),
      ),
  );
  return [
    figure('health says draining', await draining, 's', 1),
    figure('exit code', code ?? -1, 'count', 0),
    figure('ends', endedAfter, 's', EXIT_BAR_SECONDS),
    figure('requests that failed', failures(stand) - failedBefore, 'count', 0),
    figure('peers show it left', Math.max(...left), 's', EXIT_BAR_SECONDS + stand.cluster.intervalMs / 1000),
  ];
}

/** What an agent saw fail: cut off, or answered by anything but an acknowledgement. */
function failures({ fleet }: Stand): number {
  return fleet.ledger.cut + fleet.ledger.refusals.length;
}

async function saysDraining(url: string): Promise<boolean> {
  const answer = await new FleetClient(url).ask('/api/fleet/cluster/health');
  return answer.status === 503 && ((await answer.json()) as { status: string }).status === 'draining';
}

function seconds(sinceMs: number, what: string, look: () => Promise<unknown>): Promise<number> {
  return eventually(what, SAID_MS, async () => (await look()) !== undefined && (await look()) !== false).then(
    () => (performance.now() - sinceMs) / 1000,
    () => Number.NaN,
  );
}

function figure(name: string, value: number, unit: Figure['unit'], bar: number): Figure {
  return { fault: NAME, figure: name, value, unit, bar };
}
