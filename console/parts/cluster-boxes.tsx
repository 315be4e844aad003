/** Two facts of a cluster side by side: what may fail, and what the servers share. */
import type { HealthCheck } from '../api.ts';
import { failoverFigure } from '../verdict.ts';
import { type Fact, Facts } from './facts.tsx';
import { Foreign } from './foreign.tsx';
import { Badge, type Tone } from './state-badge.tsx';
import { TimeAgo } from './time-ago.tsx';

type Backend = HealthCheck['backend'];

const BACKEND_STATES: Record<
  Backend['state'],
  { word: string; tone: Tone; shape: 'disc' | 'triangle' | 'square' }
> = {
  available: { word: 'Available', tone: 'good', shape: 'disc' },
  incomplete: { word: 'Incomplete', tone: 'warn', shape: 'triangle' },
  unavailable: { word: 'Unavailable', tone: 'bad', shape: 'square' },
};

function writeProbe({ ok, milliseconds, error }: Backend['write_probe']) {
  if (!ok) return <Foreign text={`failed: ${error ?? 'no reason given'}`} />;
  return milliseconds === null
    ? 'written and read back'
    : `written and read back in ${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

function Failover({ health }: { readonly health: HealthCheck }) {
  const { figure, rest } = failoverFigure(health);
  return (
    <section className="at-panel" aria-labelledby="failover">
      <h2 id="failover">Failover readiness</h2>
      <p className="at-figure">
        <strong>{figure}</strong> {rest}
      </p>
      <p className="at-muted">{health.failover.sentence}</p>
    </section>
  );
}

function BackendBox({ health }: { readonly health: HealthCheck }) {
  const { type, address, state, since, write_probe } = health.backend;
  const facts: Fact[] = [
    ['Type', type],
    ['Address', <Foreign key="address" text={address || '–'} />],
    ['State', <Badge key="state" {...BACKEND_STATES[state]} />],
    ...(since === null ? [] : [['Since', <TimeAgo key="since" at={since} />] as const]),
    ['Write probe', writeProbe(write_probe)],
  ];
  return (
    <section className="at-panel" aria-labelledby="backend">
      <h2 id="backend">Backend connection</h2>
      <Facts facts={facts} />
    </section>
  );
}

export function ClusterBoxes({ health }: { readonly health: HealthCheck }) {
  return (
    <div className="at-boxes">
      <Failover health={health} />
      {health.cluster_enabled && <BackendBox health={health} />}
    </div>
  );
}
