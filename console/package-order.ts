/** What stands in the form, and the order that is made of it: an empty field is left out, and the server decides. */
import type { Architecture, PackageKind, PackageOrder } from './package-api.ts';
import type { NodeCredentials } from './package-words.ts';

/** As typed. */
export interface Draft {
  readonly architecture: Architecture;
  readonly packageName: string;
  readonly sign: boolean;
  readonly note: string;
  readonly port: string;
  readonly credentials: NodeCredentials;
  readonly nodeName: string;
  readonly redisHost: string;
  readonly redisPort: string;
  readonly ticketLife: string;
  readonly existingConfig: 'keep' | 'replace';
  /** One a line. */
  readonly servers: string;
  readonly interval: string;
}

const HOUR_SECONDS = 3_600;
export const TICKET_LIVES = [
  { label: '1 hour', value: String(HOUR_SECONDS) },
  { label: '24 hours', value: String(24 * HOUR_SECONDS) },
  { label: '7 days', value: String(7 * 24 * HOUR_SECONDS) },
];

/** What is wrong with a field, in words. */
export type Faults = { readonly [Field in keyof Draft]?: string };

export const EMPTY_DRAFT: Draft = {
  architecture: 'universal',
  packageName: '',
  sign: false,
  note: '',
  port: '',
  credentials: 'embedded',
  nodeName: '',
  redisHost: '',
  redisPort: '',
  ticketLife: String(24 * HOUR_SECONDS),
  existingConfig: 'keep',
  servers: '',
  interval: '',
};

export const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const whole = <Name extends string>(name: Name, text: string) =>
  (text.trim() === '' ? {} : { [name]: Number(text) }) as { [Key in Name]?: number };
const worded = <Name extends string>(name: Name, text: string) =>
  (text.trim() === '' ? {} : { [name]: text.trim() }) as { [Key in Name]?: string };

/**
 * What the server judges before anything is built, as a query: of the order, what decides. `faults`: fields that are
 * known to be wrong are left out, for it would take none of it with them.
 */
export function questionOf(kind: PackageKind, draft: Draft, faults: Faults): string {
  const { body } = orderOf(kind, { ...draft, ...blank(faults) });
  const { architecture = 'universal' } = body;
  const query = new URLSearchParams({ kind, architecture });
  if ('servers' in body) for (const server of body.servers ?? []) query.append('servers', server);
  for (const name of ['credentials', 'node_name', 'redis_host', 'interval_seconds'] as const) {
    const value = (body as DecidingBody)[name];
    if (value !== undefined) query.set(name, String(value));
  }
  return query.toString();
}

type BodyOf<Kind extends PackageKind> = Extract<PackageOrder, { kind: Kind }>['body'];
type DecidingBody = Partial<BodyOf<'cluster-node'> & BodyOf<'agent'>>;

const blank = (faults: Faults) => Object.fromEntries(Object.keys(faults).map((field) => [field, '']));

export function orderOf(kind: PackageKind, draft: Draft): PackageOrder {
  const common = {
    architecture: draft.architecture,
    sign: draft.sign,
    ...worded('package_name', draft.packageName),
    ...worded('note', draft.note),
  };
  if (kind === 'standalone') return { kind, body: { ...common, ...whole('port', draft.port) } };
  if (kind === 'agent') {
    const servers = lines(draft.servers);
    const interval = whole('interval_seconds', draft.interval);
    return { kind, body: { ...common, ...interval, ...(servers.length > 0 && { servers }) } };
  }
  return {
    kind,
    body: {
      ...common,
      ...whole('port', draft.port),
      ...worded('node_name', draft.nodeName),
      ...worded('redis_host', draft.redisHost),
      ...whole('redis_port', draft.redisPort),
      credentials: draft.credentials,
      existing_config: draft.existingConfig,
      ticket_life_seconds: Number(draft.ticketLife),
    },
  };
}
