/**
 * What keys must hold together: each value may be right and the whole still wrong. Also what a role cannot run
 * without, and what is allowed but has to be said. Judged after all single values, and only among those that
 * are right themselves.
 */
import { equalBytes } from '../base/bytes.ts';
import { isLoopback } from './address-kind.ts';
import type { Role } from './config.ts';
import type { Place, Problem, ProblemCode } from './problem.ts';
import { KEY_PATHS, type KeyPath, rowOf, type Values } from './schema.ts';

/** Heartbeats that may be lost before a server counts as offline. */
const INTERVALS_PER_TIMEOUT = 3;

export interface Whole {
  readonly values: Values;
  /** Keys with a value of their own, right or wrong. */
  readonly given: ReadonlySet<KeyPath>;
  /** Keys that have a problem already, or that a misspelt name meant. */
  readonly doubtful: ReadonlySet<KeyPath>;
  /** Without one, an agent has nothing but flags and variables. */
  readonly hasFile: boolean;
  /** Where the key stands, or where it would stand. */
  placeOf(key: KeyPath): Place;
}

export function judgeWhole(whole: Whole, role: Role): Problem[] {
  const judged = role === 'agent' ? [] : [...judgeTls(whole), ...judgeCluster(whole)];
  return [...judged, ...missing(whole, role), ...sameSecrets(whole), ...notUsedYet(whole)];
}

function problem(whole: Whole, code: ProblemCode, key: KeyPath, sentence: string, hint: string): Problem {
  return { severity: 'error', code, place: whole.placeOf(key), key, sentence, hint };
}

function* judgeTls(whole: Whole): Generator<Problem> {
  const { values, doubtful } = whole;
  if (doubtful.has('server.tls')) return;
  if (values['server.tls'] === 'files') {
    for (const key of ['server.tls_cert', 'server.tls_key'] as const) {
      if (values[key] !== null || doubtful.has(key)) continue;
      const hint = `Add \`${key.slice('server.'.length)}\`, the path of a PEM file, or write \`tls: own\`.`;
      yield problem(whole, 'tls_files_missing', key, `server.tls is files, and ${key} is not given`, hint);
    }
  }
  const judged = !doubtful.has('server.host') && !doubtful.has('server.trusted_proxies');
  const exposed = !isLoopback(values['server.host']) && values['server.trusted_proxies'].length === 0;
  if (values['server.tls'] === 'off' && judged && exposed) {
    const sentence = 'server.tls is off, and server.host can be reached from other machines';
    const hint =
      'Write `tls: own`, or `host: 127.0.0.1`, or name the proxies that do TLS in trusted_proxies.';
    yield problem(whole, 'tls_off_exposed', 'server.tls', sentence, hint);
  }
}

function* judgeCluster(whole: Whole): Generator<Problem> {
  const { values, given, doubtful } = whole;
  const interval = values['cluster.heartbeat_interval'];
  const timeout = values['cluster.node_timeout'];
  const judged = !doubtful.has('cluster.heartbeat_interval') && !doubtful.has('cluster.node_timeout');
  if (judged && timeout < INTERVALS_PER_TIMEOUT * interval) {
    const key = given.has('cluster.node_timeout') ? 'cluster.node_timeout' : 'cluster.heartbeat_interval';
    const least = INTERVALS_PER_TIMEOUT * interval;
    const sentence = `cluster.node_timeout is ${timeout} s, less than three heartbeat intervals of ${interval} s`;
    const hint = `Write \`node_timeout: ${least}\` or more, so that one lost heartbeat declares nobody dead.`;
    yield problem(whole, 'timeout_too_short', key, sentence, hint);
  }
  if (!values['cluster.enabled'] || doubtful.has('cluster.enabled')) return;
  if (values['cluster.backend'] === 'redis') {
    const sentence = 'the redis backend comes with the next version; this one has the file backend';
    const hint = 'Write `backend: file` and a `state_path` that all servers share, or `enabled: false`.';
    yield problem(whole, 'redis_not_yet', 'cluster.backend', sentence, hint);
  }
  if (values['cluster.cluster_secret'] === null && !doubtful.has('cluster.cluster_secret')) {
    const sentence = 'Cluster authentication DISABLED - nodes can join without verification!';
    const hint =
      "Add 'cluster_secret' to config for node authentication (`atlas-fleet secret generate` makes one).";
    const code = 'cluster_unauthenticated';
    yield { ...problem(whole, code, 'cluster.enabled', sentence, hint), severity: 'warning' };
  }
}

const APART = ['server.encryption_key', 'server.db_encryption_key', 'cluster.cluster_secret'] as const;

/** Who gets hold of one must not have the other with it; every agent holds encryption_key. */
function* sameSecrets(whole: Whole): Generator<Problem> {
  for (const [at, key] of APART.entries()) {
    const secret = whole.values[key]?.reveal();
    const twin = APART.slice(0, at).find((other) => {
      const bytes = whole.values[other]?.reveal();
      return secret !== undefined && bytes !== undefined && equalBytes(secret, bytes);
    });
    if (twin === undefined) continue;
    const sentence = `${key} is the same as ${twin}; who learns one has both`;
    const hint = 'Give each a secret of its own: the output of `atlas-fleet secret generate`.';
    yield { ...problem(whole, 'secret_shared', key, sentence, hint), severity: 'warning' };
  }
}

const INIT = 'Run `atlas-fleet init` for a fresh config.yaml, or add';

interface Need {
  readonly key: KeyPath;
  readonly hint: string;
  /** The flag of `agent` that gives it, and what to say to who uses flags alone. */
  readonly flag?: readonly [name: string, hint: string];
}

const NEEDED: Readonly<Record<Role, readonly Need[]>> = {
  server: (['server.api_key', 'server.encryption_key', 'server.db_encryption_key'] as const).map((key) => ({
    key,
    hint: `${INIT} the output of \`atlas-fleet secret generate\`.`,
  })),
  agent: [
    {
      key: 'agent.servers',
      hint: 'Add the addresses of the servers, or name one with --server.',
      flag: ['--server', 'Give the address of a server, such as `--server https://fleet.example.com:8768`.'],
    },
    {
      key: 'agent.api_key',
      hint: 'Add the api_key of the servers, or name its file with --api-key-file.',
      flag: ['--api-key-file', 'Give a file of mode 0600 with the api_key of the servers.'],
    },
    {
      key: 'server.encryption_key',
      hint: 'Add the encryption_key of the servers, below `server:`, or name its file with --encryption-key-file.',
      flag: ['--encryption-key-file', 'Give a file of mode 0600 with the encryption_key of the servers.'],
    },
  ],
  any: [],
};

function* missing(whole: Whole, role: Role): Generator<Problem> {
  for (const { key, hint, flag } of NEEDED[role]) {
    const value = whole.values[key];
    const absent = value === null || (Array.isArray(value) && value.length === 0);
    if (!absent || whole.doubtful.has(key)) continue;
    const sentence = `${key} is not given; ${role === 'agent' ? 'an agent' : 'a server'} needs it`;
    const inFile = problem(whole, 'missing_key', key, sentence, hint);
    if (whole.hasFile || flag === undefined) yield inFile;
    else yield { ...inFile, place: { kind: 'flag', flag: flag[0] }, hint: flag[1] };
  }
}

/** Who sets a webhook relies on alarms: better said now than found out in the night. */
function* notUsedYet(whole: Whole): Generator<Problem> {
  for (const key of KEY_PATHS) {
    if (!rowOf(key).later || !whole.given.has(key)) continue;
    const sentence = `${key} is understood, but nothing in this version acts on it`;
    const hint = 'It takes effect with a later version; until then do not rely on it.';
    yield { ...problem(whole, 'not_used_yet', key, sentence, hint), severity: 'warning' };
  }
}
