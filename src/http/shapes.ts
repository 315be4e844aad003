/**
 * What crosses the HTTP door, as schemas: the routes validate with them, OpenAPI is made from them, and the
 * console takes its types from them. Names and units are fixed once published; fields are only added.
 * Times are RFC 3339 UTC, except in series, where they are Unix milliseconds.
 */
import { z } from 'zod';
import {
  MEMBERS_MAX,
  NODE_ID,
  TICKET_LIFE_MAX_SECONDS,
  TICKET_LIFE_MIN_SECONDS,
  TICKET_LIFE_SECONDS,
} from '../protocol/limits.ts';
import { REFUSAL_CODES } from '../protocol/refusal.ts';
import { TOKEN_SCOPES } from '../store/account-store.ts';
import { AUDIT_KINDS } from '../store/audit-action.ts';
import { AUDIT_ACTOR_KINDS, AUDIT_OUTCOMES } from '../store/audit-log.ts';

const time = z.iso.datetime();
/**
 * What somebody calls a thing. Without control characters, line separators and halves of a character, which no store,
 * log line or page shows as they are.
 */
const named = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'has characters that cannot be shown');
const username = named(128);

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  /** The next step, one sentence. */
  hint: z.string().optional(),
  instance: z.string(),
  request_id: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});

// Accounts

export const loginRequest = z.strictObject({
  username,
  password: z.string().min(1).max(1024),
  /** Of a second factor; no account has one yet. */
  code: z.string().max(32).optional(),
});
/** The page sends csrf_token back as header X-CSRF-Token with every change. */
export const sessionInfo = z.object({
  username: z.string(),
  csrf_token: z.string(),
  expires_at: time,
  node_id: z.string(),
});
export const passwordChange = z.strictObject({
  username: username.optional(),
  current_password: z.string().max(1024).optional(),
  new_password: z.string().max(1024),
});
/** Of who is logged in, once more. */
export const passwordAgain = z.strictObject({ password: z.string().min(1).max(1024) });
/** First run: the code that `init` printed, and the first administrator. Answered with sessionInfo and the cookie. */
export const setupRequest = z.strictObject({
  code: z.string().min(1).max(32),
  username,
  password: z.string().max(1024),
});
export const setupCode = z.object({ code: z.string(), expires_at: time });
export const userCreate = z.strictObject({
  username,
  password: z.string().max(1024),
});
export const userInfo = z.object({ username: z.string(), created_at: time });
export const userList = z.object({ items: z.array(userInfo), next_cursor: z.null() });
export const tokenScope = z.enum(TOKEN_SCOPES);
export const tokenCreate = z.strictObject({
  name: named(128),
  scopes: z.array(tokenScope).min(1),
  /** At most ten years. */
  expires_in_seconds: z.number().int().min(60).max(316_224_000).optional(),
});
/** What a person typed: of another form than ours it is the id of nothing, and is answered so. */
export const wantedId = z.string();
export const tokenInfo = z.object({
  token_id: z.string(),
  name: z.string(),
  scopes: z.array(tokenScope),
  created_at: time,
  expires_at: time.nullable(),
  last_used_at: time.nullable(),
  last_used_from: z.string().nullable(),
});
/** `token` is shown this once. */
export const tokenCreated = tokenInfo.extend({ token: z.string() });
export const tokenList = z.object({ items: z.array(tokenInfo), next_cursor: z.null() });

// Audit log

export const auditKind = z.enum(AUDIT_KINDS);
export const auditEntry = z.object({
  entry_id: z.string(),
  at: time,
  /** `name` is empty where there is none. */
  actor: z.object({ kind: z.enum(AUDIT_ACTOR_KINDS), name: z.string() }),
  /** A code; one of a newer version may be among them. */
  action: z.string(),
  /** The action in words. */
  sentence: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** An entry is written before its act; a later one says `refused` or `failed` of an act that was then not done. */
  outcome: z.enum(AUDIT_OUTCOMES),
  node_id: z.string(),
  address: z.string().nullable(),
});
export const auditList = z.object({ items: z.array(auditEntry), next_cursor: z.string().nullable() });

// Machines

export const machineId = named(128);
export const machineStatus = z.enum(['online', 'late', 'offline']);
export const machineInfo = z.object({
  hostname: z.string(),
  os: z.string().nullish(),
  os_version: z.string().nullish(),
  architecture: z.string().nullish(),
  processor: z.string().nullish(),
  model: z.string().nullish(),
  cpu_count: z.number().nullish(),
  cpu_threads: z.number().nullish(),
  total_memory: z.number().nullish(),
  boot_time: z.number().nullish(),
  local_ip: z.string().nullish(),
  computer_name: z.string().nullish(),
  serial_number: z.string().nullish(),
  agent_version: z.string().nullish(),
});
export const machine = z.object({
  machine_id: z.string(),
  hostname: z.string(),
  status: machineStatus,
  first_seen: time,
  last_seen: time,
  last_seen_age_seconds: z.number(),
  /** The server that took the last report. */
  via_node: z.string(),
  /** How its reports are sealed: v1 is one key shared by all agents. */
  sealing: z.literal('shared key'),
  info: machineInfo,
  cpu_percent: z.number(),
  memory_percent: z.number(),
  memory_used_bytes: z.number(),
  memory_total_bytes: z.number(),
  disk_percent: z.number(),
  disk_free_bytes: z.number(),
  disk_total_bytes: z.number(),
  load_average: z.tuple([z.number(), z.number(), z.number()]).nullable(),
  processes: z.number(),
  uptime_seconds: z.number().nullable(),
  battery: z.object({ percent: z.number(), plugged: z.boolean() }).nullable(),
  reports: z.number().int(),
});
export const machineList = z.object({
  items: z.array(machine),
  next_cursor: z.string().nullable(),
  total: z.number().int(),
  /** Over all machines, not only this page. */
  counts: z.object({ online: z.number().int(), late: z.number().int(), offline: z.number().int() }),
  /** The rule behind the status, so that a page can say it in words. */
  thresholds: z.object({ late_after_seconds: z.number(), offline_after_seconds: z.number() }),
  checked_at: time,
});
/** A point in time, in a query: Unix milliseconds, or RFC 3339 with its offset. */
export const moment = z.union([
  z.stringFormat('unix-ms', /^[0-9]{1,15}$/).transform(Number),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);
export const seriesMetric = z.enum([
  'cpu_percent',
  'load_1',
  'memory_percent',
  'disk_percent',
  'network_sent_bytes_per_second',
  'network_received_bytes_per_second',
  'processes',
  'battery_percent',
]);
export const series = z.object({
  metric: seriesMetric,
  unit: z.string(),
  /** [Unix ms, mean of the bucket or null where nothing was reported]. */
  points: z.array(z.tuple([z.number(), z.number().nullable()])),
});

// Cluster

export const nodeState = z.enum([
  'unconfirmed',
  'healthy',
  'late',
  'offline',
  'draining',
  'left',
  'rejected',
  'evicted',
]);
export const clusterNode = z.object({
  node_id: z.string(),
  hostname: z.string(),
  host: z.string(),
  port: z.number().int(),
  state: nodeState,
  last_heartbeat_age_seconds: z.number().nullable(),
  started_at: time.nullable(),
  version: z.string(),
  key_id: z.string().nullable(),
  incarnation: z.number(),
  sequence: z.number(),
  /** "verified", "off" at security level 1, or the reason of the refusal. */
  signature: z.string(),
  clock_offset_seconds: z.number().nullable(),
  reports_per_minute: z.number().nullable(),
  this_node: z.boolean(),
});
export const nodeList = z.object({ nodes: z.array(clusterNode), count: z.number().int() });
export const refusalCode = z.enum(REFUSAL_CODES);
export const refusal = z.object({
  code: refusalCode,
  /** As the record claims it, escaped. */
  node_id: z.string(),
  /** The backend key it was found under. */
  slot: z.string(),
  count: z.number().int(),
  first_at: time,
  last_at: time,
  /** In plain words, with the next step. */
  sentence: z.string(),
});
export const finding = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  sentence: z.string(),
  /** The next step. */
  mend: z.string(),
});
export const securityStatus = z.object({
  enabled: z.boolean(),
  authentication: z.string(),
  signing: z.string(),
  replay_protection: z.string(),
  warning: z.string().nullable(),
  /** Null for a single server. */
  level: z.union([z.literal(1), z.literal(2), z.literal(3)]).nullable(),
  key_id: z.string().nullable(),
  cluster_id: z.string().nullable(),
});
export const lineState = z.enum(['pass', 'info', 'warn', 'fail']);
/** One thing that was tried, asked or compared. `fail` in `self_test` or `level` makes the cluster critical. */
export const securityLine = z.object({
  code: z.string(),
  group: z.enum(['self_test', 'level', 'registry', 'roster']),
  state: lineState,
  what: z.string(),
  expected: z.string().nullable(),
  seen: z.string(),
  /** The next step. */
  mend: z.string().nullable(),
});
export const nodeSecurity = z.object({
  node_id: z.string(),
  this_node: z.boolean(),
  state: lineState,
  sentence: z.string(),
  /** Ids of cluster secrets. */
  signs: z.string().nullable(),
  accepts: z.array(z.string()),
  clock_offset_seconds: z.number().nullable(),
  last_heartbeat_age_seconds: z.number().nullable(),
  /** Of what lay in its own slots, since this server started. */
  refusals: z.array(z.object({ code: refusalCode, count: z.number().int() })),
});
/** If this leaks: what its holder can do and cannot, and the commands to recover. */
export const blastRadius = z.object({
  code: z.enum(['package', 'node', 'registry', 'database', 'agent']),
  leaked: z.string(),
  can: z.array(z.string()),
  cannot: z.array(z.string()),
  recover: z.array(z.object({ why: z.string(), command: z.string() })),
  /** What this version cannot mend. */
  not_yet: z.string().nullable(),
});
export const securityReport = securityStatus.extend({
  /** When `lines` were computed; null before the first time, and for a single server. */
  checked_at: time.nullable(),
  checked_by: z.string(),
  lines: z.array(securityLine),
  nodes: z.array(nodeSecurity),
  roster: z
    .object({
      epoch: z.number().int(),
      /** Of the last step. */
      hash: z.string(),
      members: z.number().int(),
      admission: z.enum(['secret', 'ticket']),
      level: z.union([z.literal(1), z.literal(2), z.literal(3)]),
      /** A cluster secret that is being rotated in. */
      pending: z.object({ key_id: z.string(), phase: z.string(), begun_by: z.string() }).nullable(),
    })
    .nullable(),
  blast_radius: z.array(blastRadius),
});

// Trust

export const rosterMemberName = z.strictObject({ node_id: z.string().min(1).max(40) });
const keyId = z.string();
const sha256 = z.string();
export const rosterView = z.object({
  epoch: z.number().int(),
  hash: sha256,
  level: z.number().int(),
  admission: z.enum(['secret', 'ticket']),
  key_id: keyId,
  retired_key_ids: z.array(keyId),
  /**
   * `fingerprint`: the first 16 hex digits of the SHA-256 of the raw identity key. `admitted_by`: who signed the step
   * that let it in; null of the founder.
   */
  members: z.array(
    z.object({
      node_id: z.string(),
      fingerprint: z.string(),
      admitted_by: z.string().nullable(),
      state: nodeState,
      this_node: z.boolean(),
    }),
  ),
  evicted: z.array(z.string()),
  /** Two pasts, of which a person must choose one; null otherwise. */
  frozen: z.object({ epoch: z.number().int(), ours: sha256, theirs: sha256 }).nullable(),
  /** The newest first. */
  steps: z.array(
    z.object({
      epoch: z.number().int(),
      at: time,
      signer: z.string(),
      hash: sha256,
      sentences: z.array(z.string()),
    }),
  ),
});
export const admissionChange = z.strictObject({ admission: z.enum(['secret', 'ticket']) });
export const levelChange = z.strictObject({ level: z.union([z.literal(2), z.literal(3)]) });
/** Of no past, where it is of another form. */
export const pastChoice = z.strictObject({ hash: z.string().max(64) });
export const rotationRequest = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('routine') }),
  /** `keep`: all that are to stay; everybody else is evicted. */
  z.strictObject({
    mode: z.literal('compromise'),
    keep: z
      .array(z.strictObject({ node_id: z.string().max(40), fingerprint: z.string().max(64) }))
      .min(1)
      .max(MEMBERS_MAX),
  }),
]);
export const rotationView = z.object({
  /** Null when no rotation is under way. */
  phase: z.enum(['prepared', 'active', 'abandoned']).nullable(),
  /** That signs now. */
  key_id: keyId,
  next_key_id: keyId.nullable(),
  begun_by: z.string().nullable(),
  begun_at: time.nullable(),
  nodes: z.array(
    z.object({
      node_id: z.string(),
      this_node: z.boolean(),
      state: nodeState,
      accepts: z.boolean(),
      signs: z.boolean(),
      /** The next step waits for it. */
      waited_for: z.boolean(),
      heard_seconds_ago: z.number().nullable(),
    }),
  ),
  sentence: z.string(),
});

// Join tickets

export const ticketId = z.string().regex(/^[0-9a-f]{16}$/);
export const ticketCreate = z.strictObject({
  /** 24 hours unless said otherwise. */
  life_seconds: z
    .number()
    .int()
    .min(TICKET_LIFE_MIN_SECONDS)
    .max(TICKET_LIFE_MAX_SECONDS)
    .default(TICKET_LIFE_SECONDS),
});
/** `ticket` is shown this once: whoever holds it may join. */
export const ticketCreated = z.object({
  id: ticketId,
  ticket: z.string(),
  expires_at: time,
  /** Whom a joiner asks, in this order. */
  servers: z.array(z.string()),
});
export const ticketInfo = z.object({
  id: ticketId,
  state: z.enum(['open', 'used', 'expired', 'revoked']),
  /** The server that it was made on. */
  created_by: z.string(),
  created_at: time,
  expires_at: time,
  /** The node that it admitted. */
  used_by: z.string().nullable(),
});
export const ticketList = z.object({ items: z.array(ticketInfo), next_cursor: z.null() });

/** 32 bytes in base64, a key or a nonce, and the 64 of a signature. */
const bytes32 = z.string().length(44);
const bytes64 = z.string().length(88);
export const joinChallenge = z.object({ nonce: z.string(), expires_at: time });
export const joinRequest = z.strictObject({
  ticket: ticketId,
  member: z.strictObject({
    node_id: z.string().regex(NODE_ID),
    identity_key: bytes32,
    sealing_key: bytes32,
  }),
  nonce: bytes32,
  /** Of the ticket's key, and of the joiner's identity key, over the same bytes. */
  proof: bytes64,
  signature: bytes64,
});
export const joinAnswer = z.object({
  /** The step that admitted the joiner. */
  epoch: z.number().int(),
  hash: sha256,
  /** Sealed to the joiner's sealing key. */
  envelope: z.object({ enc: z.string(), ciphertext: z.string() }),
});

export const clusterStatus = z.object({
  enabled: z.boolean(),
  backend: z.string(),
  node_id: z.string(),
  total_nodes: z.number().int(),
  active_nodes: z.number().int(),
  security: securityStatus,
  refusals: z.array(refusal),
});
export const overall = z.enum(['healthy', 'degraded', 'critical', 'at_risk']);
export const healthCheck = z.object({
  overall,
  /** One sentence: if one server dies now, what happens? */
  verdict: z.string(),
  checked_at: time,
  checked_by: z.string(),
  cluster_enabled: z.boolean(),
  heartbeat_interval_seconds: z.number(),
  node_timeout_seconds: z.number(),
  backend: z.object({
    type: z.string(),
    address: z.string(),
    state: z.enum(['available', 'unavailable', 'incomplete']),
    since: time.nullable(),
    write_probe: z.object({
      ok: z.boolean(),
      milliseconds: z.number().nullable(),
      error: z.string().nullable(),
    }),
  }),
  nodes: z.array(clusterNode),
  failover: z.object({ servers_that_can_stop: z.number().int(), sentence: z.string() }),
  security: securityStatus,
  refusals: z.array(refusal),
  findings: z.array(finding),
});
export const clusterHealth = z.object({
  status: z.enum(['healthy', 'draining', 'unhealthy']),
  node_id: z.string(),
});
export const readiness = z.object({
  status: z.enum(['ready', 'starting', 'draining', 'unhealthy']),
  degraded: z.boolean(),
  reason: z.enum(['database_not_writable', 'evicted']).optional(),
});

/** For people with a question about one slot. `text` is null for bytes that are not UTF-8. */
export const slotInspection = z.object({
  key: z.string(),
  found: z.enum(['record', 'missing', 'unreadable']),
  size_bytes: z.number().int().nullable(),
  text: z.string().nullable(),
  verified: z.boolean(),
  code: z.string().nullable(),
  sentence: z.string(),
});

// Agents

export const reportAnswer = z.object({
  status: z.literal('ok'),
  e2ee_verified: z.literal(true),
  /** False when this very report was stored before, or is older than what is kept. */
  stored: z.boolean(),
  node_id: z.string(),
});

// Live updates: server-sent events named after what changed; data is empty JSON. The page asks again.
export const EVENT_NAMES = ['machines', 'cluster'] as const;
