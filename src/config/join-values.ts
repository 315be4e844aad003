/**
 * What a server must have to be one of a cluster: of this server's configuration all that is the same on each, nothing
 * that is its own, and what has changed since it was read. For a joiner's envelope (docs/protocol/join.md), and for
 * whatever else sets a server up. A new key of config.yaml that all servers must share is first a row here.
 */
import { z } from 'zod';
import { encodeBase64 } from '../base/bytes.ts';
import { AtlasError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { type DatabaseAddress, databaseUrlText } from './database-address.ts';
import type { FreshValues } from './fresh-config.ts';
import type { LoadedConfig } from './load.ts';
import { readCertificates } from './pem-file.ts';
import type { KeyPath, Values } from './schema.ts';

/** How a key goes into the text of a file. `bytes`: a Secret that stands there in base64. */
type Form = 'plain' | 'text' | 'bytes' | 'address';

const SHARED = {
  'server.trusted_proxies': 'plain',
  'server.accept_v1': 'plain',
  'server.api_key': 'text',
  'server.web_username': 'plain',
  'server.web_password': 'text',
  'server.encryption_key': 'bytes',
  'server.db_encryption_key': 'bytes',
  'database.url': 'address',
  'cluster.enabled': 'plain',
  'cluster.backend': 'plain',
  'cluster.heartbeat_interval': 'plain',
  'cluster.node_timeout': 'plain',
  'cluster.state_path': 'plain',
  'cluster.clock_tolerance': 'plain',
  'cluster.redis_host': 'plain',
  'cluster.redis_port': 'plain',
  'cluster.redis_db': 'plain',
  'cluster.redis_username': 'plain',
  'cluster.redis_password': 'text',
  'cluster.redis_tls': 'plain',
  'cluster.redis_server_name': 'plain',
  'cluster.redis_sentinels': 'plain',
  'cluster.redis_sentinel_master': 'plain',
} as const satisfies Partial<Record<KeyPath, Form>>;

/** As they are now, whatever stood in the file. */
const LIVE = [
  'cluster.cluster_id',
  'cluster.cluster_secret',
  'cluster.admission',
  'cluster.roster_pins',
] as const satisfies readonly KeyPath[];

/** Files whose content goes along. */
const FILE_KEYS = ['database.ca_file', 'cluster.redis_ca_file'] as const satisfies readonly KeyPath[];

type SharedKey = keyof typeof SHARED;
type FileKey = (typeof FILE_KEYS)[number];
const SHARED_KEYS = Object.keys(SHARED) as SharedKey[];

/** All that a server is given when it joins. */
export const JOIN_KEYS: readonly KeyPath[] = [...SHARED_KEYS, ...LIVE, ...FILE_KEYS];

export interface JoinTerms {
  readonly clusterId: string;
  /** That signs now. */
  readonly clusterSecret: Secret;
  readonly admission: 'secret' | 'ticket';
  /** A step that the roster of the new server must hold; `digest` is a SHA-256, hex. */
  readonly pin: { readonly epoch: number; readonly digest: string };
}

const plain = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
const joinValuesShape = z.strictObject({
  values: z.partialRecord(z.enum([...SHARED_KEYS, ...LIVE]), plain),
  files: z.partialRecord(z.enum(FILE_KEYS), z.string()),
});

export interface JoinValues {
  /** As config.yaml spells them; paths are absolute. */
  readonly values: FreshValues;
  /** PEM texts, by the key that names the file. */
  readonly files: Readonly<Partial<Record<FileKey, string>>>;
}

/** Under which such a file lies in a server's data folder. */
export const keptFileName = (key: string) => `${key.slice(key.indexOf('.') + 1)}.pem`;

/** Throws config_invalid where a file that the configuration names cannot be read any more. */
export function joinValues(
  { values, origins }: Pick<LoadedConfig, 'values' | 'origins'>,
  { clusterId, clusterSecret, admission, pin }: JoinTerms,
): JoinValues {
  const isFile = values['cluster.backend'] === 'file';
  const shared = SHARED_KEYS.filter((key) => {
    if (key === 'cluster.state_path') return isFile;
    // By default they hang on where this server's files are.
    return key === 'database.url' || origins.get(key)?.from !== 'default';
  });
  const files = FILE_KEYS.flatMap((key) =>
    values[key] === null ? [] : [[key, readCertificates(values[key])]],
  );
  return {
    values: {
      ...Object.fromEntries(shared.flatMap((key) => entryOf(key, values))),
      'cluster.cluster_id': clusterId,
      'cluster.cluster_secret': encodeBase64(clusterSecret.reveal()),
      'cluster.admission': admission,
      'cluster.roster_pins': [`${pin.epoch}:${pin.digest}`],
    },
    files: Object.fromEntries(files),
  };
}

/** What joinValues() made, read back. Throws config_invalid for anything else: it would be half a configuration. */
export function readJoinValues(given: unknown): JoinValues {
  const reading = joinValuesShape.safeParse(given);
  if (reading.success) return reading.data as JoinValues;
  throw new AtlasError('config_invalid', 'the server gave a configuration that this version cannot read', {
    hint: 'run the same version of Atlas Fleet as the servers of the cluster',
  });
}

function entryOf(key: SharedKey, values: Values): [SharedKey, unknown][] {
  const value = values[key];
  if (value === null) return [];
  if (SHARED[key] === 'address') return [[key, databaseUrlText(value as DatabaseAddress)]];
  if (!(value instanceof Secret)) return [[key, value]];
  return [[key, SHARED[key] === 'bytes' ? encodeBase64(value.reveal()) : value.revealText()]];
}
