/** What a package of a server that joins this cluster needs, and what its reader should know first: a line for each, pure. */
import { isNearbyName } from '../../base/host-text.ts';
import type { RosterState } from '../../membership/roster-trouble.ts';
import { fail, type PackageCheck, pass, warn } from './package-check.ts';
import type { DatabasePlace, RegistryPlace } from './package-settings.ts';

export interface ClusterNodeFacts {
  readonly isClustered: boolean;
  readonly hasSecret: boolean;
  /** Null without a secret. */
  readonly roster: RosterState | null;
  readonly isRotating: boolean;
  /** The registry as the new server is to reach it. */
  readonly registry: RegistryPlace;
  readonly database: DatabasePlace;
  /** Of this server: what a joiner knows it by, and whether it is to be had on this machine alone. */
  readonly tls: boolean;
  readonly isServerLocal: boolean;
  /** Under which a ticket names this server and the others that answer. */
  readonly ticketHosts: readonly string[];
  /** A ticket goes in: by order, or because the cluster admits nobody without. */
  readonly needsTicket: boolean;
  /** The name in the order was evicted; null without one. */
  readonly evictedName: string | null;
  /** The server that has the name in the order; null without one. */
  readonly taken: { readonly name: string; readonly isThisServer: boolean } | null;
  readonly isClockTrusted: boolean;
}

/** From the first that everything else hangs on to the last. */
export function clusterNodeChecks(facts: ClusterNodeFacts): PackageCheck[] {
  const { registry } = facts;
  return [
    clusterMode(facts),
    clusterSecret(facts),
    ...rosterChecks(facts),
    ...nodeNameChecks(facts),
    registryAddress(registry),
    ...(registry.kind === 'redis' ? [redisPassword(registry), redisTls(registry)] : []),
    databaseAddress(facts.database),
    ...(facts.needsTicket ? [joinTicket(facts)] : []),
    clock(facts),
  ];
}

function clusterMode({ isClustered }: ClusterNodeFacts): PackageCheck {
  if (isClustered) return pass('cluster_mode', 'Cluster mode is on.');
  return fail(
    'cluster_mode',
    'Cluster mode is off: there is no cluster that a new server could join.',
    'Set cluster.enabled: true with Redis and PostgreSQL, and restart this server; or build a Standalone Server.',
  );
}

function clusterSecret({ isClustered, hasSecret }: ClusterNodeFacts): PackageCheck {
  if (hasSecret) return pass('cluster_secret', 'The cluster has a secret of full strength.');
  const why = isClustered
    ? 'There is no cluster_secret: a package without one would let anybody join.'
    : 'There is no cluster_secret that counts.';
  return fail(
    'cluster_secret',
    why,
    'Give all servers the same cluster.cluster_secret (atlas-fleet secret generate), and restart them.',
  );
}

function rosterChecks({ hasSecret, roster, isRotating }: ClusterNodeFacts): PackageCheck[] {
  if (!hasSecret) return [];
  return [rosterCheck(roster), ...(isRotating ? [rotating()] : [])];
}

const SEE_STATUS = 'See atlas-fleet cluster status.';

function rosterCheck(state: RosterState | null): PackageCheck {
  if (state === null || state.admits === null)
    return fail('roster', 'This server has no roster yet, so nobody could be admitted.', SEE_STATUS);
  const { trouble, standing, lacksSecret, self } = state;
  if (trouble?.kind === 'frozen' || trouble?.kind === 'rewritten')
    return fail(
      'roster',
      `There are two pasts of the roster from step ${trouble.epoch} on, and nobody is admitted until one is chosen.`,
      'See both with atlas-fleet cluster roster, and choose with atlas-fleet cluster choose.',
    );
  if (standing !== 'member')
    return fail('roster', `${self} is no member of the cluster itself.`, 'Build it on a server that is one.');
  if (lacksSecret !== null)
    return fail(
      'roster',
      `${self} does not have the cluster secret that counts (key ${lacksSecret}).`,
      'Build it on a server that has it.',
    );
  return pass('roster', 'This server is a member of the cluster, and its roster is whole.');
}

function rotating(): PackageCheck {
  return fail(
    'rotation',
    'The cluster secret is being changed: what goes into a package now might be worthless in a minute.',
    'Wait until the rotation is over (atlas-fleet cluster rotation), or build it then.',
  );
}

/** For what was put together while it changed. */
export function changedMeanwhile(): PackageCheck {
  return fail(
    'rotation',
    'The cluster secret, or the way into the cluster, was changed while the package was built.',
    'Build it again.',
  );
}

function nodeNameChecks({ evictedName: name, taken }: ClusterNodeFacts): PackageCheck[] {
  if (name !== null) return [nameEvicted(name)];
  return taken === null ? [] : [nameTaken(taken)];
}

function nameTaken({ name, isThisServer }: NonNullable<ClusterNodeFacts['taken']>): PackageCheck {
  return fail(
    'node_name',
    `${name} is a server of this cluster already. Its name cannot be used twice.`,
    isThisServer
      ? 'Choose another name: that one is of this very server.'
      : `Choose another name, or remove the old server first: atlas-fleet cluster remove ${name}.`,
  );
}

function nameEvicted(name: string): PackageCheck {
  return fail(
    'node_name',
    `${name} was evicted: nobody comes back under that name.`,
    `Take another name, or lift the ban first: atlas-fleet cluster readmit ${name}.`,
  );
}

function registryAddress(registry: RegistryPlace): PackageCheck {
  if (registry.kind === 'folder')
    return fail(
      'registry_address',
      'The registry is a folder on this machine, which no other machine can reach.',
      'Set cluster.backend: redis and cluster.redis_host, and restart the servers.',
    );
  const { host, isLocal } = registry;
  if (isLocal)
    return fail(
      'registry_address',
      `Redis is at ${host ?? 'Sentinels on this machine'}, which on another machine is that machine itself.`,
      'Name the address under which the new server reaches Redis, or set cluster.redis_host to it.',
    );
  if (host?.endsWith('.local'))
    return warn(
      'registry_address',
      `Redis is at ${host}: names in .local are known in one network only, and not to every machine in it.`,
      'Name an IP address, or a name that the DNS has.',
    );
  return pass('registry_address', `Redis is at ${host ?? 'the address that its Sentinels name'}.`);
}

function redisPassword({ hasPassword }: Extract<RegistryPlace, { kind: 'redis' }>): PackageCheck {
  if (hasPassword)
    return pass(
      'redis_password',
      'Redis asks for a password. The new server comes as the same user as this one.',
    );
  return warn(
    'redis_password',
    'Redis asks for no password: whoever reaches it can take records away.',
    'Give it one, and set cluster.redis_password: atlas-fleet cluster redis-acl writes the users.',
  );
}

function redisTls({ tls }: Extract<RegistryPlace, { kind: 'redis' }>): PackageCheck {
  if (tls) return pass('redis_tls', 'The way to Redis is TLS.');
  return warn(
    'redis_tls',
    'The way to Redis is not encrypted: the password and all records cross the network readable.',
    'Turn on TLS in Redis, and set cluster.redis_tls: true.',
  );
}

function databaseAddress(database: DatabasePlace): PackageCheck {
  if (database.engine === 'sqlite')
    return fail(
      'database_address',
      'The data is in a file of SQLite on this machine, which no other machine can reach.',
      'Set database.url to a PostgreSQL that all servers reach, and restart the servers.',
    );
  if (database.isLocal)
    return fail(
      'database_address',
      `PostgreSQL is at ${database.host}, which on another machine is that machine itself.`,
      'Set database.url to the address under which the other machines reach it, with TLS, and restart this server.',
    );
  return pass('database_address', `PostgreSQL is at ${database.host}.`);
}

function joinTicket({ tls, isServerLocal, ticketHosts }: ClusterNodeFacts): PackageCheck {
  if (tls && isServerLocal)
    return warn(
      'join_ticket',
      'A join ticket goes in, and by its address this server can be asked from its own machine alone.',
      'Set server.host: 0.0.0.0, or server.public_url; or have another server that can be reached.',
    );
  if (tls && ticketHosts.length > 0 && ticketHosts.every(isNearbyName))
    return warn(
      'join_ticket',
      `A join ticket goes in, and names the servers without a domain, or in .local (${[...new Set(ticketHosts)].join(', ')}): the new Mac may not know such a name.`,
      'Set server.public_url to an address that the new Mac reaches, or give this machine a name with a domain.',
    );
  if (tls) return pass('join_ticket', 'A join ticket for one server goes in.');
  return fail(
    'join_ticket',
    'A join ticket is needed, and this server speaks no TLS, which a joiner would know it by.',
    'Build it on a server with `tls: own` or `files`, or set that here and restart.',
  );
}

function clock({ isClockTrusted }: ClusterNodeFacts): PackageCheck {
  if (isClockTrusted) return pass('clock', 'The clock of this server agrees with the others.');
  return warn(
    'clock',
    'Most servers disagree with the clock of this one: a ticket may end too early, and what is built now bears a wrong time.',
    'Set the clock of this server (sntp, chrony).',
  );
}
