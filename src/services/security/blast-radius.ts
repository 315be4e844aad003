/**
 * If this leaks, what can the holder do, and how is it mended? Computed from the configuration in use, so that no
 * sentence speaks of another cluster (SECURITY.md has the attackers and why each sentence holds). It promises less
 * where it is not sure, and names no secret, only where each stands.
 */
import type { Exposure, RegistryAccess } from './exposure.ts';
import { type RecoveryStep, redisCommands } from './password-commands.ts';
import { backendCommands, databaseRecovery, eviction, rotation } from './recovery.ts';

export interface BlastRadius {
  code: 'package' | 'node' | 'registry' | 'database' | 'agent';
  leaked: string;
  can: string[];
  cannot: string[];
  recover: RecoveryStep[];
  /** What this version cannot mend. */
  not_yet: string | null;
}

const DATA_KEYS_STAY =
  'encryption_key, api_key and db_encryption_key cannot be changed by a command yet. Whoever holds them keeps what he captured, and agents with them are believed until you write new ones into every config.yaml, those of the agents too, and restart.';

export function blastRadius(exposure: Exposure): BlastRadius[] {
  return [
    ofPackage(exposure),
    ofNode(exposure),
    ofRegistry(exposure),
    ofDatabase(exposure),
    ofAgent(exposure),
  ];
}

function ofPackage(exposure: Exposure): BlastRadius {
  const { authenticated, registry, members } = exposure;
  const isClustered = registry !== null;
  return {
    code: 'package',
    leaked: 'A package with embedded credentials, or a copy of config.yaml',
    can: [...joining(exposure), ...passwords(exposure), ...reports(exposure), HASH],
    cannot: [
      ...(isClustered && authenticated ? [NOT_ANOTHER, NOT_UNSEEN] : []),
      ...(exposure.admission === 'ticket' ? [NOT_BY_SECRET] : []),
    ],
    recover: [...backendCommands(exposure), ...rotation(exposure, members)],
    not_yet: DATA_KEYS_STAY,
  };
}

const HASH = 'Try passwords against the argon2id hash of web_password, where config.yaml has one.';
const NOT_ANOTHER =
  'Speak as a server that exists: each signs with a key of its own that never leaves its disk.';
const NOT_UNSEEN =
  'Join unseen: each admission is a signed step of the roster, and the new name stands on every page.';
const NOT_BY_SECRET = 'Join: admission is by ticket, and the cluster secret alone lets nobody in.';

function joining({ authenticated, admission, registry }: Exposure): string[] {
  if (registry === null) return [];
  if (!authenticated) return ['Join, and speak as any server: authentication is off.'];
  return admission === 'ticket'
    ? []
    : [
        'Join this cluster under a new name, from wherever the registry can be reached: admission is by the cluster secret.',
      ];
}

function passwords({ registry, database }: Exposure): string[] {
  const sentences: string[] = [];
  if (registry?.kind === 'redis')
    sentences.push(
      registry.hasPassword
        ? `Log in to Redis as ${registry.username ?? 'default'}, read all records, and remove or overwrite those that this user may write.`
        : 'Log in to Redis, as anybody can who reaches it: it has no password here.',
    );
  sentences.push(
    database.engine === 'postgres'
      ? `Log in to PostgreSQL as ${database.user}, read, change and remove everything there, open what is sealed in it with db_encryption_key, and so act as an administrator.`
      : 'Open a copy of the SQLite file, if he gets one: db_encryption_key is in it.',
  );
  return sentences;
}

function reports({ acceptV1 }: Exposure): string[] {
  return acceptV1
    ? [
        'Read captured reports of all Macs, and make up reports of any: v1 has one encryption_key and one api_key for all.',
      ]
    : [
        'Read captured v1 reports of all Macs with encryption_key; make up none, because v1 reports are refused here.',
      ];
}

function ofNode(exposure: Exposure): BlastRadius {
  const { nodeId, members, registry, authenticated, database } = exposure;
  const others = members.filter((member) => member !== nodeId);
  const file =
    database.engine === 'sqlite' ? [`Read and change all data: ${database.path} and its key lie there.`] : [];
  return {
    code: 'node',
    leaked: `The disk of this server (${nodeId})`,
    can: [
      ...(registry ? [`Speak as ${nodeId}: its keys lie there.`] : []),
      ...(registry && authenticated
        ? ['Admit and remove others by steps in its name, each signed and kept.']
        : []),
      ...(registry && database.engine === 'postgres' ? [THROUGH_DATABASE] : []),
      ...file,
      'Do all that a package can: config.yaml lies there.',
    ],
    cannot:
      registry && authenticated && others.length > 0
        ? [
            'Speak as another server, or change its keys.',
            database.engine === 'postgres' ? NOT_BACK_AFTER : 'Bring back one that was evicted.',
          ]
        : [],
    recover: [...backendCommands(exposure), ...eviction(exposure, others)],
    not_yet: DATA_KEYS_STAY,
  };
}

const THROUGH_DATABASE =
  'Make an administrator of his own in the database, and have any server admit, evict and readmit: also after an eviction, until the passwords below are changed.';
const NOT_BACK_AFTER =
  'Bring back one that was evicted, once the passwords of the database and Redis are changed and what he made in the database is gone.';

function ofRegistry(exposure: Exposure): BlastRadius {
  const { registry, authenticated } = exposure;
  return {
    code: 'registry',
    leaked: nameOf(registry),
    can:
      registry === null
        ? [NO_REGISTRY]
        : [READ_RECORDS, DENY, ...listening(registry), ...(authenticated ? [] : [FORGE])],
    cannot: registry !== null && authenticated ? [NO_FORGERY, NO_REPORTS] : [NO_REPORTS],
    recover: registry?.kind === 'redis' ? redisCommands(registry) : [],
    not_yet: null,
  };
}

function nameOf(registry: Exposure['registry']): string {
  if (registry === null) return 'The registry of a cluster';
  return registry.kind === 'redis' ? 'Redis' : 'The shared folder of the cluster';
}

const NO_REGISTRY = 'Nothing: this is a single server, and there is no registry.';
const READ_RECORDS = 'Read the names, addresses and versions of the servers.';
const DENY =
  'Remove, overwrite or hold back records: shown as "registry incomplete" or "unavailable", or as offline where an old row is put back. Reports are taken all the same.';
const FORGE = 'Add, change and revive servers in the view of all: authentication is off.';
const NO_FORGERY =
  'Add, change, move, revive or un-evict a server, or lower the security level: every record and step is signed.';
const NO_REPORTS = 'Read reports, users or passwords: none of them lies there.';

function listening(registry: RegistryAccess): string[] {
  if (registry.kind !== 'redis' || registry.tls || registry.isLocal) return [];
  return [
    'Without TLS, whoever listens between a server and Redis learns its password and has all of this too.',
  ];
}

function ofDatabase({ database, registry }: Exposure): BlastRadius {
  const isPostgres = database.engine === 'postgres';
  return {
    code: 'database',
    leaked: isPostgres ? 'PostgreSQL' : `The SQLite file (${database.path})`,
    can: isPostgres
      ? [
          'Read all figures of reports, change and remove everything, and put old sealed cells back in their place.',
          'Act as an administrator, where he may write and there is an API token: by a hash of his own in its row.',
        ]
      : ['Remove it. Nothing can be read from it without db_encryption_key.'],
    cannot: [
      ...(isPostgres ? ['Read the names of machines and people, or addresses: they are sealed.'] : []),
      'Learn a password, a token or a session: they are hashed.',
      ...(registry ? [isPostgres ? NOT_BY_HIMSELF : NOT_THE_ROSTER] : []),
    ],
    recover: databaseRecovery(database),
    not_yet: 'db_encryption_key cannot be changed by a command yet.',
  };
}

const NOT_THE_ROSTER = 'Join the cluster or change the roster: no cluster secret lies there.';
const NOT_BY_HIMSELF =
  'Join the cluster or sign a step of the roster himself: no cluster secret lies there. But who may write can act as an administrator, who can have a server do it.';

function ofAgent({ acceptV1, registry, tls }: Exposure): BlastRadius {
  return {
    code: 'agent',
    leaked: 'The Mac of an agent',
    can: [
      acceptV1
        ? 'Make up reports of any Mac, and new machines up to the limit: api_key and encryption_key are the same on all.'
        : 'Nothing new: v1 reports are refused here.',
      tls
        ? 'Read the reports of other Macs where he gets inside the TLS between them and a server.'
        : 'Read the reports of other Macs that he captures before a proxy adds TLS: this server speaks plain HTTP.',
    ],
    cannot: [
      'Log in, read what the servers keep, or act for an administrator.',
      ...(registry ? ['Join the cluster: no cluster secret lies on a Mac.'] : []),
    ],
    recover: [
      {
        why: 'A new api_key and a new encryption_key, for every server and every agent by hand',
        command: 'atlas-fleet secret generate',
      },
    ],
    not_yet: 'Agent keys cannot be changed by a command yet; a key for each Mac comes with v2 agents.',
  };
}
