/**
 * What the cluster's settings amount to, in the seeds' words: level 1 none, 2 cluster secret, 3 cluster secret
 * and Redis password. A bad secret is no level at all: the program does not start with one.
 */
export type SecurityLevel = 1 | 2 | 3;

export interface SecurityStatus {
  readonly enabled: boolean;
  readonly authentication: string;
  readonly signing: 'enabled' | 'disabled';
  readonly replay_protection: 'enabled' | 'disabled';
  readonly warning: string | null;
  /** Null for a single server, which has nobody to prove itself to. */
  readonly level: SecurityLevel | null;
  readonly key_id: string | null;
  readonly cluster_id: string | null;
}

export const AUTHENTICATION = 'HMAC-SHA256';
export const DISABLED_WARNING = 'Cluster authentication DISABLED - nodes can join without verification!';
export const DISABLED_MEND = "Add 'cluster_secret' to config for node authentication";

/** Without cluster mode: nothing is signed, and nothing is wrong with that. */
export const SINGLE_SERVER_STATUS: SecurityStatus = {
  enabled: false,
  authentication: 'not needed: one server',
  signing: 'disabled',
  replay_protection: 'disabled',
  warning: null,
  level: null,
  key_id: null,
  cluster_id: null,
};

export function securityStatus(
  keys: { clusterId: string; keyId: string } | null,
  hasRedisPassword: boolean,
): SecurityStatus {
  const on = keys !== null;
  return {
    enabled: on,
    authentication: on ? AUTHENTICATION : 'none',
    signing: on ? 'enabled' : 'disabled',
    replay_protection: on ? 'enabled' : 'disabled',
    warning: on ? null : DISABLED_WARNING,
    level: on ? (hasRedisPassword ? 3 : 2) : 1,
    key_id: keys?.keyId ?? null,
    cluster_id: keys?.clusterId ?? null,
  };
}
