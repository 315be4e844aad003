/** A healthy machine and a healthy cluster as the API answers them; each test changes what it is about. */
import type { ClusterNode, HealthCheck, Machine } from '../../console/api.ts';

export function machine(changes: Partial<Machine> = {}): Machine {
  return {
    machine_id: 'm-1',
    hostname: 'lab-1',
    status: 'online',
    first_seen: '2026-11-01T08:00:00Z',
    last_seen: '2026-11-21T08:00:00Z',
    last_seen_age_seconds: 3,
    via_node: 'server-01',
    sealing: 'shared key',
    info: { hostname: 'lab-1', os: 'macOS', os_version: '15.1' },
    cpu_percent: 20,
    memory_percent: 50,
    memory_used_bytes: 8e9,
    memory_total_bytes: 16e9,
    disk_percent: 40,
    disk_free_bytes: 300e9,
    disk_total_bytes: 500e9,
    load_average: null,
    processes: 400,
    uptime_seconds: 3600,
    battery: null,
    reports: 12,
    ...changes,
  };
}

export function node(changes: Partial<ClusterNode> = {}): ClusterNode {
  return {
    node_id: 'server-01',
    hostname: 'server-01.local',
    host: '10.0.1.100',
    port: 8768,
    state: 'healthy',
    last_heartbeat_age_seconds: 2,
    started_at: '2026-11-01T08:00:00Z',
    version: '0.1.0',
    key_id: 'e7a1c40f',
    incarnation: 1,
    sequence: 7,
    signature: 'verified',
    clock_offset_seconds: 0,
    reports_per_minute: 6,
    this_node: true,
    ...changes,
  };
}

export function health(changes: Partial<HealthCheck> = {}): HealthCheck {
  return {
    overall: 'healthy',
    verdict: 'Any one of your 2 servers can stop and nothing is lost.',
    checked_at: '2026-11-21T08:00:00Z',
    checked_by: 'server-01',
    cluster_enabled: true,
    heartbeat_interval_seconds: 10,
    node_timeout_seconds: 30,
    backend: {
      type: 'redis',
      address: '10.0.1.9:6379',
      state: 'available',
      since: null,
      write_probe: { ok: true, milliseconds: 2, error: null },
    },
    nodes: [node(), node({ node_id: 'server-02', this_node: false })],
    failover: { servers_that_can_stop: 1, sentence: '' },
    security: {
      enabled: true,
      authentication: 'HMAC-SHA256',
      signing: 'enabled',
      replay_protection: 'enabled',
      warning: null,
      level: 2,
      key_id: 'e7a1c40f',
      cluster_id: 'atlas',
    },
    refusals: [],
    findings: [],
    ...changes,
  };
}
