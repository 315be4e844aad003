/**
 * The config.yaml of a package, and what is in it by name: of a server that joins this cluster, of one that stands
 * alone, and of an agent. Pure: what the running server knows goes in, and where things lie on the Mac; texts come out.
 */
import { encodeBase64 } from '../base/bytes.ts';
import { AtlasError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { DatabaseAddress } from './database-address.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type FreshText, freshConfig } from './fresh-config.ts';
import { type JoinValues, keptFileName } from './join-values.ts';
import type { Settable } from './quoted.ts';
import { isSecretPath, KEY_PATHS, type KeyPath, rowOf } from './schema.ts';

/** One thing that the file holds; never its value. */
export interface ConfigContent {
  /** As in `cluster_secret`. */
  readonly name: string;
  /** A sentence. */
  readonly why: string;
  readonly secret: boolean;
  /** Of a secret that nobody chose. */
  readonly fingerprint: string | null;
}

export interface ConfigOfPackage {
  /** Of config.yaml. */
  readonly text: string;
  /** PEM texts by the name that they have in the data folder, such as `redis_ca_file.pem`. */
  readonly files: Readonly<Record<string, string>>;
  readonly contents: readonly ConfigContent[];
}

/** On the Mac, absolute, without a slash at the end (installer/product.ts). */
interface Place {
  /** The folder of the installation. */
  readonly root: string;
  readonly log: string;
  readonly spool: string;
}

export interface ClusterNodeConfigTerms {
  /** What all servers of the cluster share, as it is now. */
  readonly shared: JoinValues;
  /** `ticket`: the secrets stay here, and come when it joins. */
  readonly credentials: 'embedded' | 'ticket';
  /**
   * What it joins by; with embedded credentials only where the cluster admits nobody without. `later`: it is not made
   * yet, for who wants the list of contents and no package.
   */
  readonly ticket: Secret | 'later' | null;
  /** null: it makes one of its host name. */
  readonly nodeName: string | null;
  readonly port: number;
  /** Redis as the new server reaches it; null: as this one does. */
  readonly redisHost: string | null;
  readonly redisPort: number | null;
  readonly place: Pick<Place, 'root' | 'log'>;
}

export interface StandaloneConfigTerms {
  readonly port: number;
  readonly place: Pick<Place, 'log'>;
}

export interface AgentConfigTerms {
  readonly servers: readonly string[];
  /** SHA-256 of public keys (SPKI), base64; empty where public authorities vouch for the servers. */
  readonly pins: readonly string[];
  readonly apiKey: Secret;
  readonly encryptionKey: Secret;
  readonly intervalSeconds: number;
  readonly place: Pick<Place, 'log' | 'spool'>;
}

/** Filled in on the Mac. */
const HOSTNAME = '$' + '{HOSTNAME}';
const NODE_ID = '$' + '{NODE_ID}';

/** Written out also where they are the default: who opens the file looks for them. */
const SPELT_OUT: FreshText = {
  'cluster.heartbeat_interval': usual('cluster.heartbeat_interval'),
  'cluster.node_timeout': usual('cluster.node_timeout'),
  'cluster.redis_port': usual('cluster.redis_port'),
  'cluster.redis_db': usual('cluster.redis_db'),
  'cluster.state_path': null,
};

/** Throws bad_request for what config.yaml would not take, and where Redis is not to be had under another address. */
export function clusterNodeConfig(terms: ClusterNodeConfigTerms): ConfigOfPackage {
  const { shared, credentials, ticket, place } = terms;
  const own: FreshText = {
    ...ownValues(terms),
    ...redisAddress(terms),
    ...(ticket !== null && { 'cluster.join_ticket': ticket === 'later' ? null : ticket.revealText() }),
  };
  if (credentials === 'ticket') {
    const { 'cluster.cluster_id': clusterId = null } = shared.values;
    return packaged({ 'cluster.enabled': true, 'cluster.cluster_id': clusterId, ...own });
  }
  const files: Record<string, string> = {};
  const paths: Record<string, string> = {};
  for (const [key, pem] of Object.entries(shared.files)) {
    files[keptFileName(key)] = pem;
    paths[key] = `${place.root}/data/${keptFileName(key)}`;
  }
  return { ...packaged({ ...SPELT_OUT, ...shared.values, ...paths, ...own }), files };
}

/** Without a secret: those are made on the Mac. Throws bad_request. */
export function standaloneConfig(terms: StandaloneConfigTerms): ConfigOfPackage {
  return packaged(ownValues({ ...terms, nodeName: null }));
}

/** Throws bad_request. */
export function agentConfig(terms: AgentConfigTerms): ConfigOfPackage {
  const { servers, pins, apiKey, encryptionKey, intervalSeconds, place } = terms;
  const values: FreshText = {
    'server.encryption_key': encodeBase64(encryptionKey.reveal()),
    'agent.servers': servers,
    'agent.api_key': apiKey.revealText(),
    'agent.interval': intervalSeconds,
    ...(pins.length > 0 && { 'agent.pins': pins }),
    ...agentPlaces(place),
  };
  return packaged(values, 'agent');
}

/** Of no fleet yet: whom it reports to, and the keys for that, are commented places that the administrator fills in. */
export function unfilledAgentConfig(place: AgentConfigTerms['place']): ConfigOfPackage {
  return packaged(agentPlaces(place), 'agent');
}

const agentPlaces = ({ spool, log }: AgentConfigTerms['place']): FreshText => ({
  'agent.spool_dir': spool,
  'log.file': log,
});

function ownValues({
  port,
  nodeName,
  place,
}: StandaloneConfigTerms & Pick<ClusterNodeConfigTerms, 'nodeName'>): FreshText {
  return {
    'server.port': port,
    'cluster.hostname': HOSTNAME,
    'cluster.node_id': nodeName ?? NODE_ID,
    'log.file': place.log,
  };
}

function redisAddress({ shared, redisHost, redisPort }: ClusterNodeConfigTerms): FreshText {
  if (redisHost === null && redisPort === null) return {};
  const { 'cluster.redis_host': host, 'cluster.redis_port': port } = shared.values;
  if (host !== undefined) {
    return {
      'cluster.backend': 'redis',
      'cluster.redis_host': redisHost ?? host,
      'cluster.redis_port': redisPort ?? port ?? usual('cluster.redis_port'),
    };
  }
  const hint = 'Leave redis_host and redis_port away: the package has what this server has.';
  const sentence = 'the servers do not reach their Redis by one host, so that no other can stand for it';
  throw new AtlasError('bad_request', sentence, { hint });
}

function usual(key: KeyPath): number {
  return Number(rowOf(key).default);
}

function packaged(values: FreshText, reader: 'server' | 'agent' = 'server'): ConfigOfPackage {
  const keys = KEY_PATHS.filter((key) => values[key] !== undefined);
  return {
    text: freshConfig(values, reader),
    files: {},
    contents: keys.flatMap((key) => contentsOf(key, values[key] ?? null)),
  };
}

/** Sections whose keys are known by their own names. */
const NAMELESS = /^(?:server|cluster|agent)\./;

const DATABASE_PASSWORD: ConfigContent = {
  name: 'database_password',
  why: 'Password of the user of PostgreSQL; it stands in database_url.',
  secret: true,
  fingerprint: null,
};

/** Where the help for config.yaml speaks of choices and defaults, and in a package one of them is made. */
const WHY_INSIDE: Readonly<Partial<Record<KeyPath, string>>> = {
  'database.url': 'The database where all servers keep the data.',
  'database.ca_file': 'Authorities (PEM) for the certificate of PostgreSQL.',
  'cluster.redis_ca_file': 'Authorities (PEM) for the certificate of Redis.',
  'cluster.cluster_id': 'Public name of the cluster.',
  'cluster.cluster_secret': 'Signs the records of the cluster.',
  'cluster.enabled': 'It is one of several servers.',
  'cluster.admission': 'What a server needs to join: the cluster secret, or a one-time ticket.',
  'cluster.hostname': 'Host name shown to others, filled in on the Mac.',
  'cluster.node_id': 'Name of the new server; made on the Mac where none was ordered.',
  'cluster.join_ticket': 'One-time ticket by which it joins when it starts; taken out of its file then.',
  'cluster.state_path': 'Folder that all servers share; not used with Redis.',
  'log.file': 'File that the log is appended to.',
  'agent.spool_dir': 'Folder of reports not yet sent.',
};

/** Also of a key that is empty in the file. */
function contentsOf(key: KeyPath, plain: Settable | null): ConfigContent[] {
  const value = plain === null ? null : readBack(key, plain);
  const { about } = rowOf(key);
  const content = {
    name: key.replace(NAMELESS, '').replace('.', '_'),
    why: WHY_INSIDE[key] ?? about,
    secret: isSecretPath(key),
    fingerprint: value instanceof Secret ? fingerprintOf(key, value) : null,
  };
  return key === 'database.url' && hasPassword(value as DatabaseAddress)
    ? [content, DATABASE_PASSWORD]
    : [content];
}

const hasPassword = (address: DatabaseAddress) => address.engine === 'postgres' && address.password !== null;

/** What would not be read on the Mac is found here. */
function readBack(key: KeyPath, plain: Settable): unknown {
  const { kind } = rowOf(key);
  const reading = kind.read(plain, '/');
  if (reading.ok) return reading.value;
  throw new AtlasError('bad_request', `${key}: ${reading.sentence ?? `expected ${kind.expected}`}`);
}
