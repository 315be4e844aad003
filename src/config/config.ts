/**
 * What the program is told, read once: `Config` without any secret, `Secrets` apart from it, both frozen, and
 * what was wrong with them. Each part of the program gets only its branch. A new key is first a row of
 * schema.ts; here it gets its name in code, with the unit in the name. load.ts is the only caller.
 */
import type { Secret } from '../base/secret.ts';
import type { Values } from './schema.ts';

interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** Without a slash at the end; null when not given. */
  readonly publicUrl: string | null;
  readonly tls: 'own' | 'files' | 'off';
  /** Absolute; given when tls is `files`. */
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  /** Absolute, as every path here. */
  readonly dataDir: string;
  /** Addresses and CIDR ranges. */
  readonly trustedProxies: readonly string[];
  readonly acceptV1: boolean;
  /** The administrator that `Secrets.webPassword` belongs to. */
  readonly webUsername: string;
}

export type DatabaseConfig =
  | { readonly engine: 'sqlite'; readonly path: string }
  | {
      readonly engine: 'postgres';
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
      /** Always verified; false only on this machine. */
      readonly tls: boolean;
      /** Authorities in place of those of the machine. */
      readonly caFile: string | null;
    };

interface RedisConfig {
  readonly host: string | null;
  readonly port: number;
  readonly db: number;
  readonly username: string | null;
  readonly tls: boolean;
  readonly caFile: string | null;
  readonly serverName: string | null;
  readonly sentinels: readonly string[];
  readonly sentinelMaster: string | null;
}

interface RosterPin {
  readonly epoch: number;
  readonly digest: string;
}

interface ClusterConfig {
  readonly enabled: boolean;
  readonly backend: 'file' | 'redis';
  /** 32 hex digits; null: derive it from the cluster secret and write it into the file. */
  readonly clusterId: string | null;
  readonly heartbeatIntervalSeconds: number;
  readonly nodeTimeoutSeconds: number;
  /** null: ask the machine. */
  readonly hostname: string | null;
  /** null: make one and keep it. */
  readonly nodeId: string | null;
  /** The shared folder of backend `file`. */
  readonly statePath: string;
  readonly clockToleranceSeconds: number;
  readonly admission: 'secret' | 'ticket';
  /** Steps that the roster must hold; `digest` is a SHA-256, hex. */
  readonly rosterPins: readonly RosterPin[];
  readonly redis: RedisConfig;
}

interface AgentConfig {
  /** Base addresses without a slash at the end. */
  readonly servers: readonly string[];
  readonly intervalSeconds: number;
  /** SHA-256 of each accepted public key (SPKI), base64. */
  readonly pins: readonly string[];
  readonly spoolDir: string;
  readonly spoolMaxMb: number;
}

interface PackageSigningConfig {
  /** Absolute PEM paths, both given or neither. */
  readonly signKey: string | null;
  readonly signChain: string | null;
}

interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'text' | 'json';
  /** Absolute; null: stdout. */
  readonly file: string | null;
}

interface RetentionConfig {
  readonly rawSeconds: number;
  readonly minuteSeconds: number;
  readonly hourSeconds: number;
}

export interface Config {
  /** The file in use, absolute; null when an agent runs from flags alone. */
  readonly source: { readonly path: string | null };
  readonly server: ServerConfig;
  readonly database: DatabaseConfig;
  readonly cluster: ClusterConfig;
  readonly agent: AgentConfig;
  readonly package: PackageSigningConfig;
  readonly log: LogConfig;
  readonly retention: RetentionConfig;
}

/** null: not given. Keys and the cluster secret are bytes, passwords and API keys are texts (`revealText`). */
export interface Secrets {
  readonly clusterSecret: Secret | null;
  readonly redisPassword: Secret | null;
  /** By which a server that is no member yet joins. */
  readonly joinTicket: Secret | null;
  readonly apiKey: Secret | null;
  readonly encryptionKey: Secret | null;
  readonly dbEncryptionKey: Secret | null;
  /** An argon2id PHC string. */
  readonly webPassword: Secret | null;
  readonly agentApiKey: Secret | null;
  /** Of database.url. */
  readonly databasePassword: Secret | null;
}

/** `server` and `agent` need what they run with; `any` only reads what is there. */
export type Role = 'server' | 'agent' | 'any';

/** `path`: the file the values came from, absolute, or null. */
export function assembleConfig(values: Values, path: string | null): Config {
  return deepFreeze({
    source: { path },
    server: {
      host: values['server.host'],
      port: values['server.port'],
      publicUrl: values['server.public_url'],
      tls: values['server.tls'],
      tlsCert: values['server.tls_cert'],
      tlsKey: values['server.tls_key'],
      dataDir: values['server.data_dir'],
      trustedProxies: values['server.trusted_proxies'],
      acceptV1: values['server.accept_v1'],
      webUsername: values['server.web_username'],
    },
    database: databaseOf(values),
    cluster: clusterOf(values),
    agent: {
      servers: values['agent.servers'],
      intervalSeconds: values['agent.interval'],
      pins: values['agent.pins'],
      spoolDir: values['agent.spool_dir'],
      spoolMaxMb: values['agent.spool_max_mb'],
    },
    package: { signKey: values['package.sign_key'], signChain: values['package.sign_chain'] },
    log: { level: values['log.level'], format: values['log.format'], file: values['log.file'] },
    retention: {
      rawSeconds: values['retention.raw'],
      minuteSeconds: values['retention.minute'],
      hourSeconds: values['retention.hour'],
    },
  });
}

function databaseOf(values: Values): DatabaseConfig {
  const address = values['database.url'];
  if (address.engine === 'sqlite') return address;
  const { password: _, ...open } = address;
  return { ...open, caFile: values['database.ca_file'] };
}

function clusterOf(values: Values): ClusterConfig {
  return {
    enabled: values['cluster.enabled'],
    backend: values['cluster.backend'],
    clusterId: values['cluster.cluster_id'],
    heartbeatIntervalSeconds: values['cluster.heartbeat_interval'],
    nodeTimeoutSeconds: values['cluster.node_timeout'],
    hostname: values['cluster.hostname'],
    nodeId: values['cluster.node_id'],
    statePath: values['cluster.state_path'],
    clockToleranceSeconds: values['cluster.clock_tolerance'],
    admission: values['cluster.admission'],
    rosterPins: values['cluster.roster_pins'].map(pinOf),
    redis: {
      host: values['cluster.redis_host'],
      port: values['cluster.redis_port'],
      db: values['cluster.redis_db'],
      username: values['cluster.redis_username'],
      tls: values['cluster.redis_tls'],
      caFile: values['cluster.redis_ca_file'],
      serverName: values['cluster.redis_server_name'],
      sentinels: values['cluster.redis_sentinels'],
      sentinelMaster: values['cluster.redis_sentinel_master'],
    },
  };
}

function pinOf(text: string): RosterPin {
  const [epoch = '', digest = ''] = text.split(':');
  return { epoch: Number(epoch), digest };
}

export function assembleSecrets(values: Values): Secrets {
  const database = values['database.url'];
  return Object.freeze({
    clusterSecret: values['cluster.cluster_secret'],
    redisPassword: values['cluster.redis_password'],
    joinTicket: values['cluster.join_ticket'],
    apiKey: values['server.api_key'],
    encryptionKey: values['server.encryption_key'],
    dbEncryptionKey: values['server.db_encryption_key'],
    webPassword: values['server.web_password'],
    agentApiKey: values['agent.api_key'],
    databasePassword: database.engine === 'postgres' ? database.password : null,
  });
}

function deepFreeze<T extends object>(tree: T): T {
  for (const branch of Object.values(tree)) {
    if (typeof branch === 'object' && branch !== null && !Object.isFrozen(branch)) deepFreeze(branch);
  }
  return Object.freeze(tree);
}
