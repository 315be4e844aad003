/**
 * The users that a cluster needs on its Redis, as the text of an ACL file: each may read the whole registry and
 * write only its node's slots, with the commands that are used and no others. An ACL file holds no comments, so what
 * people must know is given apart.
 */
import { createHash } from 'node:crypto';
import type { Secret } from '../../base/secret.ts';
import { RECORD_TYPES } from '../../protocol/keyring.ts';
import { NODE_ID } from '../../protocol/limits.ts';
import { NEWCOMERS_KEY, probeKey, REGISTRY_KEYS, ROSTER_KEYS, slotKey } from '../../protocol/registry-key.ts';

/** All that we send, except HELLO, which every user may. A test compares it with what MONITOR shows. */
export const REGISTRY_COMMANDS = [
  'acl|whoami',
  'exec',
  'exists',
  'getrange',
  'info',
  'memory|usage',
  'multi',
  'ping',
  'sadd',
  'scard',
  'select',
  'set',
  'srandmember',
  'unlink',
  'unwatch',
  'watch',
] as const;

export interface AclUser {
  /** Null: one user for all nodes. */
  readonly nodeId: string | null;
  readonly password: Secret;
}

export interface AclFile {
  readonly text: string;
  /** What people must know beside it, a sentence each. */
  readonly notes: readonly string[];
}

/** `redis`: the oldest major version it must work on; before 7 a user cannot be given a key for reading alone. */
export function aclFile(users: readonly AclUser[], redis: 6 | 7 = 7): AclFile {
  const lines = [`user default reset`, ...users.map((user) => userLine(user, redis))];
  return { text: `${lines.join('\n')}\n`, notes: notesFor(users, redis) };
}

export function aclUserName(nodeId: string | null): string {
  return nodeId === null ? 'fleet' : `fleet-${nodeId}`;
}

function userLine({ nodeId, password }: AclUser, redis: 6 | 7): string {
  const hash = createHash('sha256').update(password.reveal()).digest('hex');
  const commands = REGISTRY_COMMANDS.map((name) => `+${name}`);
  return [
    'user',
    aclUserName(nodeId),
    'reset',
    'on',
    `#${hash}`,
    ...keyRules(nodeId, redis),
    ...commands,
  ].join(' ');
}

/**
 * Whole keys, no pattern at their end: `n1` is not `n10`. No letter of a NODE_ID means anything in a pattern. Only the
 * roster has one: any member writes the next step, and what is no step is put right by the others.
 */
function keyRules(nodeId: string | null, redis: 6 | 7): string[] {
  if (nodeId !== null && !NODE_ID.test(nodeId)) throw new TypeError('not a node id');
  if (nodeId === null || redis < 7) return [`~${REGISTRY_KEYS}`];
  const own = RECORD_TYPES.map((type) => slotKey(type, nodeId));
  const shared = [NEWCOMERS_KEY, ROSTER_KEYS];
  return [`%R~${REGISTRY_KEYS}`, ...[...own, probeKey(nodeId), ...shared].map((key) => `%W~${key}`)];
}

function notesFor(users: readonly AclUser[], redis: 6 | 7): string[] {
  const isShared = users.some(({ nodeId }) => nodeId === null) || redis < 7;
  const notes = [
    'Name the file in redis.conf (aclfile /etc/redis/users.acl) on the master and on every replica, and restart them.',
    'The default user is off: replicas (masteruser, masterauth), Sentinels (sentinel auth-user, auth-pass) and your own redis-cli need users of their own in this file.',
    'Each node names its user as redis_username and its password as redis_password.',
  ];
  if (isShared)
    notes.push(
      'These users may write every slot of the registry. What one node writes under the name of another is refused by its signature, but it can still overwrite it.',
    );
  return notes;
}
