/** A state as word, shape and colour together; whoever misses one still has the others. */
import type { Finding, MachineStatus, NodeState, SecurityLine } from '../api.ts';
import type { Ticket } from '../trust-api.ts';
import { Shape, type ShapeName } from './glyph.tsx';

export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'info';

interface Look {
  readonly word: string;
  readonly shape: ShapeName;
  readonly tone: Tone;
}

const LOOKS: Record<MachineStatus | NodeState, Look> = {
  online: { word: 'Online', shape: 'disc', tone: 'good' },
  healthy: { word: 'Healthy', shape: 'disc', tone: 'good' },
  late: { word: 'Late', shape: 'triangle', tone: 'warn' },
  offline: { word: 'Offline', shape: 'square', tone: 'bad' },
  draining: { word: 'Draining', shape: 'half', tone: 'warn' },
  left: { word: 'Left', shape: 'ring', tone: 'idle' },
  unconfirmed: { word: 'Unconfirmed', shape: 'dashes', tone: 'idle' },
  rejected: { word: 'Rejected', shape: 'cross', tone: 'bad' },
  evicted: { word: 'Evicted', shape: 'slash', tone: 'bad' },
};

const SEVERITY_LOOKS: Record<Finding['severity'], Look> = {
  info: { word: 'Info', shape: 'ring', tone: 'info' },
  warning: { word: 'Warning', shape: 'triangle', tone: 'warn' },
  critical: { word: 'Critical', shape: 'square', tone: 'bad' },
};

const LINE_LOOKS: Record<SecurityLine['state'], Look> = {
  pass: { word: 'Pass', shape: 'disc', tone: 'good' },
  info: { word: 'Info', shape: 'ring', tone: 'info' },
  warn: { word: 'Warn', shape: 'triangle', tone: 'warn' },
  fail: { word: 'Fail', shape: 'cross', tone: 'bad' },
};

const TICKET_LOOKS: Record<Ticket['state'], Look> = {
  open: { word: 'Open', shape: 'half', tone: 'info' },
  used: { word: 'Used', shape: 'disc', tone: 'good' },
  expired: { word: 'Expired', shape: 'ring', tone: 'idle' },
  revoked: { word: 'Revoked', shape: 'slash', tone: 'idle' },
};

export const lineLook = (state: SecurityLine['state']): Look => LINE_LOOKS[state];
export const machineLook = (status: MachineStatus): Look => LOOKS[status];
export const ticketLook = (state: Ticket['state']): Look => TICKET_LOOKS[state];
export const severityLook = (severity: Finding['severity']): Look => SEVERITY_LOOKS[severity];

export function Badge({ word, shape, tone }: Look) {
  return (
    <span className="at-badge" data-tone={tone}>
      <Shape name={shape} />
      {word}
    </span>
  );
}

export function StateBadge({ state }: { readonly state: MachineStatus | NodeState }) {
  return <Badge {...LOOKS[state]} />;
}
