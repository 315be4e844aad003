/**
 * What the registry's own settings give and do not give, line by line (SECURITY.md, A1 and A5). Records are signed
 * wherever they lie, so nothing here lets anybody in; it decides who may read them, take them away, or learn a password.
 */

import type { RosterLevel } from '../../protocol/roster-step.ts';
import type { SecurityLevel } from '../../protocol/security-level.ts';
import type { FolderFacts, RedisFacts, RegistryFacts, Told } from '../../store/registry-facts.ts';
import type { LineState, SecurityLine } from './security-line.ts';

export interface RegistryTerms {
  /** A password for Redis stands in the configuration. */
  readonly hasPassword: boolean;
  /** Every way to it ends on this machine. */
  readonly isLocal: boolean;
}

type Body = Pick<SecurityLine, 'code' | 'state' | 'what' | 'seen'> & Partial<SecurityLine>;

const line = (body: Body): SecurityLine => ({ group: 'registry', expected: null, mend: null, ...body });

export function registryLines(facts: RegistryFacts, terms: RegistryTerms): SecurityLine[] {
  return facts.kind === 'redis' ? redisLines(facts, terms) : [folderOwner(facts), folderMode(facts)];
}

/** `promised`: by the roster; null where there is none. */
export function levelLine(promised: RosterLevel | null, now: SecurityLevel): SecurityLine {
  const isBelow = promised !== null && now < promised;
  return line({
    code: 'level',
    group: 'level',
    state: now === 1 || isBelow ? 'fail' : 'pass',
    what: 'The security level now, against what the roster promises',
    expected: `level ${promised ?? 2}${promised === 3 ? '' : ' or higher'}`,
    seen: `level ${now}`,
    mend: levelMend(now, isBelow),
  });
}

function levelMend(now: SecurityLevel, isBelow: boolean): string | null {
  if (now === 1) return 'Give all servers the same cluster_secret (atlas-fleet secret generate).';
  return isBelow
    ? 'Give this server the redis_password again, and see who took it out of config.yaml.'
    : null;
}

/** How the probe ended: null when it was written and read back. */
export function probeLine(error: string | null): SecurityLine {
  return line({
    code: 'probe',
    state: error === null ? 'pass' : 'fail',
    what: 'A value of its own, written to the registry and read back',
    expected: 'the same value',
    seen: error ?? 'the same value',
    mend: error === null ? null : 'See the reason; nobody is declared dead meanwhile.',
  });
}

export function undescribedLine(reason: string): SecurityLine {
  return line({
    code: 'registry_facts',
    state: 'warn',
    what: 'What the registry says of itself',
    seen: reason,
  });
}

function redisLines(facts: RedisFacts, terms: RegistryTerms): SecurityLine[] {
  return [
    transport(facts, terms),
    openDoor(facts, terms),
    user(facts),
    eviction(facts.maxmemoryPolicy),
    fact('redis_version', 'Its version', words(facts.version)),
    fact('redis_role', 'Its role', words(facts.role)),
    fact('redis_persistence', 'What it keeps over a restart (nothing needs it to)', persistence(facts)),
  ];
}

function transport({ tls }: RedisFacts, { hasPassword, isLocal }: RegistryTerms): SecurityLine {
  const about = { code: 'redis_tls', what: 'The way to Redis', expected: 'TLS' };
  if (tls) return line({ ...about, state: 'pass', seen: 'TLS, the certificate verified' });
  if (isLocal)
    return line({ ...about, state: 'pass', seen: 'no TLS, and none needed: it ends on this machine' });
  const seen = hasPassword
    ? 'no TLS: the password and all records cross the network readable, and whoever listens can log in. Level 3 does not keep him out'
    : 'no TLS: all records cross the network readable';
  const mend = 'Turn on TLS in Redis, set cluster.redis_tls: true, and change the password afterwards.';
  return line({ ...about, state: 'warn', seen, mend });
}

/** With a password that nobody needs, level 3 is a word. */
function openDoor({ isOpen }: RedisFacts, { hasPassword }: RegistryTerms): SecurityLine {
  const about = {
    code: 'redis_open',
    what: 'A connection to Redis without a password',
    expected: 'refused',
    seen: words(isOpen, (open) => (open ? 'let in' : 'refused')),
  };
  if (isOpen.told !== true) return line({ ...about, state: isOpen.told === false ? 'pass' : 'info' });
  const mend =
    'Switch the default user off: atlas-fleet cluster redis-acl writes the users, each with a password and its own slots.';
  return line({
    ...about,
    state: hasPassword ? 'fail' : 'warn',
    mend,
    ...(hasPassword && { group: 'level' }),
  });
}

function user({ user: known }: RedisFacts): SecurityLine {
  const isDefault = known.told === 'default';
  return line({
    code: 'redis_user',
    state: known.told === null ? 'info' : isDefault ? 'warn' : 'pass',
    what: 'The user that this server is to Redis',
    expected: 'one with few rights',
    seen: isDefault ? 'default, who may do everything' : words(known),
    mend: isDefault ? 'Make a user for each server: atlas-fleet cluster redis-acl.' : null,
  });
}

function eviction(policy: Told<string>): SecurityLine {
  const takesAny = policy.told?.startsWith('allkeys') ?? false;
  return line({
    code: 'redis_eviction',
    state: policy.told === null ? 'info' : takesAny ? 'warn' : 'pass',
    what: 'What it does when its memory is full (maxmemory-policy)',
    expected: 'no record of ours removed',
    seen: takesAny ? `${policy.told}: it removes any record` : words(policy),
    mend: takesAny ? 'redis-cli CONFIG SET maxmemory-policy noeviction' : null,
  });
}

function persistence({ appendOnly, snapshots }: RedisFacts): string {
  const aof = words(appendOnly, (on) => (on ? 'on' : 'off'));
  const rdb = words(snapshots, (count) => `${count} written since it started`);
  return `append-only file: ${aof}; snapshots: ${rdb}`;
}

function folderOwner({ path, ownerId, isOurs }: FolderFacts): SecurityLine {
  return line({
    code: 'folder_owner',
    state: isOurs ? 'pass' : 'warn',
    what: `The owner of the folder ${path}`,
    expected: 'the user this server runs as',
    seen: isOurs ? 'the user this server runs as' : `the user with the id ${ownerId}`,
    mend: isOurs
      ? null
      : 'Whoever owns it can remove all records: give the folder to the user of the server.',
  });
}

const OTHERS_WRITE = 0o022;
const OTHERS_READ = 0o044;

function folderMode({ mode }: FolderFacts): SecurityLine {
  const seen = `mode ${mode.toString(8).padStart(4, '0')}`;
  const about = { code: 'folder_mode', what: 'Who else may use the folder', expected: 'nobody' };
  if ((mode & OTHERS_WRITE) !== 0)
    return line({
      ...about,
      state: 'warn',
      seen: `${seen}: others may write`,
      mend: 'chmod 700 the folder.',
    });
  if ((mode & OTHERS_READ) !== 0) return line({ ...about, state: 'info', seen: `${seen}: others may read` });
  return line({ ...about, state: 'pass', seen });
}

function fact(code: string, what: string, seen: string, state: LineState = 'info'): SecurityLine {
  return line({ code, state, what, seen });
}

const UNTOLD = { not_allowed: 'not allowed to ask', not_told: 'it does not say' } as const;

function words<T>(answer: Told<T>, say: (told: T) => string = String): string {
  return 'why' in answer ? UNTOLD[answer.why] : say(answer.told);
}
