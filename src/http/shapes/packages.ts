/** Packages: what one would hold, the order for one, and the record of each that was built. */
import { z } from 'zod';
import { ARCHITECTURES } from '../../installer/program.ts';
import {
  AGENT_INTERVAL_MAX_SECONDS,
  AGENT_SERVERS_MAX,
  NODE_ID,
  PACKAGE_NAME,
  PACKAGE_NOTE_MAX_LENGTH,
  REDIS_HOST,
  TICKET_LIFE_MAX_SECONDS,
  TICKET_LIFE_MIN_SECONDS,
  TICKET_LIFE_SECONDS,
} from '../../protocol/limits.ts';
import { CREDENTIAL_MODES, PACKAGE_KINDS } from '../../store/package-store.ts';
import { named, time } from './values.ts';

export const packageKind = z.enum(PACKAGE_KINDS);
const architecture = z.enum(ARCHITECTURES);
const packageName = z.string().regex(PACKAGE_NAME, 'is not a file name such as FleetServerClusterNode.pkg');
const port = z.number().int().min(1).max(65_535);
const hostName = z.string().regex(REDIS_HOST, 'is not a host name or an address');
/** As it goes into the package: nothing in it that somebody else might read in another way. */
const serverUrl = z
  .string()
  .max(512)
  .regex(
    /^https?:\/\/(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?\/?$/,
    'is not an address such as https://fleet.example.com:8768',
  )
  .refine((given) => URL.canParse(given), 'is not an address such as https://fleet.example.com:8768');

const order = {
  architecture: architecture.default('universal'),
  package_name: packageName.optional(),
  /** With the identity that the configuration names. */
  sign: z.boolean().default(false),
  note: named(PACKAGE_NOTE_MAX_LENGTH).optional(),
};
export const clusterNodeOrder = z.strictObject({
  ...order,
  credentials: z.enum(['embedded', 'ticket']).default('embedded'),
  /** Left out: it makes one of its host name. */
  node_name: z.string().regex(NODE_ID, 'is not a name of a server').optional(),
  port: port.optional(),
  /** Redis as the new server reaches it; left out: as this one does. */
  redis_host: hostName.optional(),
  redis_port: port.optional(),
  /** Of the join ticket, where there is one inside. */
  ticket_life_seconds: z
    .number()
    .int()
    .min(TICKET_LIFE_MIN_SECONDS)
    .max(TICKET_LIFE_MAX_SECONDS)
    .default(TICKET_LIFE_SECONDS),
  /** What becomes of a config.yaml that is there: it stays, or this package's takes its place, but for the name of the node. */
  existing_config: z.enum(['keep', 'replace']).default('keep'),
});
export const standaloneOrder = z.strictObject({ ...order, port: port.optional() });
export const agentOrder = z.strictObject({
  ...order,
  /** Left out: the addresses of all servers that answer. */
  servers: z.array(serverUrl).min(1).max(AGENT_SERVERS_MAX).optional(),
  interval_seconds: z.number().int().min(1).max(AGENT_INTERVAL_MAX_SECONDS).optional(),
});

/** The file itself. */
export const packageFile = z.any().meta({ type: 'string', format: 'binary' });

/** One thing that a package needs, or that its reader should know first. */
export const packageCheck = z.object({
  code: z.string(),
  result: z.enum(['pass', 'warn', 'fail']),
  sentence: z.string(),
  /** What to do; null where there is nothing to do. */
  mend: z.string().nullable(),
});
export const packageContent = z.object({
  name: z.string(),
  why: z.string(),
  secret: z.boolean(),
  /** To tell two secrets apart; null where it would help to guess one. */
  fingerprint: z.string().nullable(),
});
export const packageReadiness = z.object({
  kind: packageKind,
  /** No check fails. */
  ready: z.boolean(),
  checks: z.array(packageCheck),
  /** By the way in which it carries the credentials; standalone and agent packages have one way each. */
  contents: z.array(z.object({ credentials: z.enum(CREDENTIAL_MODES), items: z.array(packageContent) })),
  version: z.string(),
  node_version: z.string(),
  package_name: z.string(),
  architectures: z.array(
    z.object({
      architecture,
      /** Why it cannot be built here, and the mend; null when it can. */
      lack: z.string().nullable(),
      mend: z.string().nullable(),
    }),
  ),
  /** What is taken for what an order leaves out. */
  defaults: z.object({
    port,
    redis_host: z.string().nullable(),
    redis_port: z.number().nullable(),
    servers: z.array(z.string()),
    /** By which an agent knows them; empty where public authorities vouch for them. */
    pins: z.array(z.string()),
    /** Between two reports of an agent. */
    interval_seconds: z.number(),
  }),
  /** The name on the certificate that packages can be signed with; null without one. */
  signing_identity: z.string().nullable(),
});
/** What is going to be ordered, as far as it decides: by the rules of the order. */
export const packageReadinessQuery = z.strictObject({
  kind: packageKind,
  architecture: clusterNodeOrder.shape.architecture,
  credentials: clusterNodeOrder.shape.credentials,
  node_name: clusterNodeOrder.shape.node_name,
  redis_host: clusterNodeOrder.shape.redis_host,
  /** Once for each server. */
  servers: z.preprocess((given) => (typeof given === 'string' ? [given] : given), agentOrder.shape.servers),
  interval_seconds: z.coerce.number().int().min(1).max(AGENT_INTERVAL_MAX_SECONDS).optional(),
});

export const packageBuild = z.object({
  build_id: z.string(),
  kind: packageKind,
  file_name: z.string(),
  architecture,
  version: z.string(),
  credentials: z.enum(CREDENTIAL_MODES),
  contents: z.array(packageContent),
  node_name: z.string().nullable(),
  signed: z.boolean(),
  note: z.string(),
  built_by: z.string(),
  built_at: time,
  node_id: z.string(),
  /** `lost`: its server ended before the last byte was handed over. */
  state: z.enum(['building', 'ready', 'failed', 'lost']),
  size_bytes: z.number().nullable(),
  sha256: z.string().nullable(),
  /** Null without a ticket inside. */
  ticket: z
    .object({ id: z.string(), state: z.enum(['open', 'used', 'expired', 'revoked']), expires_at: time })
    .nullable(),
  revoked_at: time.nullable(),
  /** Servers that came by this package, as far as that can be told, with their state on the Cluster Health Monitor. */
  joined: z.array(
    z.object({
      node_id: z.string(),
      /** How it is known. `time`: it was let in by the secret after this package was built; an older one does as well. */
      by: z.enum(['ticket', 'name', 'time']),
      state: z.string(),
      signature: z.string(),
    }),
  ),
});
export const packageBuildList = z.object({
  items: z.array(packageBuild),
  next_cursor: z.string().nullable(),
});
