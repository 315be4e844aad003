/** The roster, for what cannot be done without one. */
import { AtlasError } from '../../base/errors.ts';
import type { Roster } from '../../membership/roster.ts';
import type { MemberWatch } from '../cluster/member-watch.ts';
import type { Trust } from './trust.ts';

export interface Trusted {
  readonly trust: Trust;
  readonly watch: MemberWatch;
}

export interface MaybeTrusted {
  readonly trust: Trust | null;
  readonly watch: MemberWatch;
}

/** Throws roster_missing without cluster mode (null), and at security level 1. */
export function requireTrust(cluster: MaybeTrusted | null): Trusted {
  const trust = cluster?.trust ?? null;
  if (cluster !== null && trust !== null) return { trust, watch: cluster.watch };
  throw new AtlasError('roster_missing', 'without cluster mode and a cluster_secret there is no roster', {
    hint: 'set cluster.enabled and cluster.cluster_secret',
  });
}

/** Throws roster_missing before this server has one. */
export function requireRoster({ roster }: Pick<Trust, 'roster'>): Roster {
  if (roster !== null) return roster;
  throw new AtlasError('roster_missing', 'this server has no roster yet', {
    hint: 'see atlas-fleet cluster status',
  });
}
