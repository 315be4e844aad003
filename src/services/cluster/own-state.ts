/** What this server is to the others, by what it knows of itself: it is in no table of its own. */
import type { NodeState } from '../../membership/failure-detector.ts';
import type { Trust } from '../trust/trust.ts';
import type { Heartbeat } from './heartbeat.ts';

export interface OwnVoice {
  /** Null at security level 1. */
  readonly trust: Pick<Trust, 'standing'> | null;
  readonly heartbeat: Pick<Heartbeat, 'isSilent' | 'state'>;
}

/** Null: without cluster mode. */
export function ownState(cluster: OwnVoice | null): NodeState {
  if (cluster?.trust?.standing === 'evicted') return 'evicted';
  if (cluster?.heartbeat.isSilent) return 'unconfirmed'; // so it is for the others
  if (cluster === null || cluster.heartbeat.state === 'up') return 'healthy';
  return cluster.heartbeat.state === 'left' ? 'left' : 'draining';
}
