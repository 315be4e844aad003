/** The part of the door (api.ts) that is about trust: who belongs to the cluster, who goes, and its secret. */
import type { z } from 'zod';
import type * as ticketShapes from '../src/http/shapes/tickets.ts';
import type * as trustShapes from '../src/http/shapes/trust.ts';
import { call } from './api.ts';

export type RosterView = z.output<typeof trustShapes.rosterView>;
export type RosterMember = RosterView['members'][number];
export type RotationView = z.output<typeof trustShapes.rotationView>;
export type RotationRequest = z.output<typeof trustShapes.rotationRequest>;
export type Ticket = z.output<typeof ticketShapes.ticketInfo>;
export type TicketList = z.output<typeof ticketShapes.ticketList>;
export type NewTicket = z.output<typeof ticketShapes.ticketCreated>;
export type RotationPhase = NonNullable<RotationView['phase']>;

export function roster(signal?: AbortSignal): Promise<RosterView> {
  return call('/cluster/roster', { signal });
}

export function actOnMember(act: 'remove' | 'evict' | 'readmit', nodeId: string): Promise<void> {
  return call(`/cluster/${act}`, { method: 'POST', body: { node_id: nodeId } });
}

export function choosePast(hash: string): Promise<void> {
  return call('/cluster/choose', { method: 'POST', body: { hash } });
}

export function rotation(signal?: AbortSignal): Promise<RotationView> {
  return call('/cluster/rotation', { signal });
}

export function beginRotation(body: RotationRequest): Promise<RotationView> {
  return call('/cluster/rotation', { method: 'POST', body });
}

export function abandonRotation(): Promise<RotationView> {
  return call('/cluster/rotation', { method: 'DELETE' });
}

export function tickets(signal?: AbortSignal): Promise<TicketList> {
  return call('/cluster/tickets', { signal });
}

export function createTicket(lifeSeconds: number): Promise<NewTicket> {
  return call('/cluster/tickets', { method: 'POST', body: { life_seconds: lifeSeconds } });
}

export function revokeTicket(id: string): Promise<void> {
  return call(`/cluster/tickets/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

/** For some minutes the session may then do what asks for a recent password. */
export function confirmPassword(password: string): Promise<void> {
  return call('/password/confirm', { method: 'POST', body: { password } });
}
