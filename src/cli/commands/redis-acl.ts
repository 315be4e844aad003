/**
 * `atlas-fleet cluster redis-acl`: the users that a cluster needs on its Redis. The ACL file goes to stdout and holds
 * hashes alone; each user's fresh password is told once, on stderr, as the lines of config.yaml it belongs in.
 */
import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { runningServer } from '../control-socket.ts';
import { PROGRAM } from '../program.ts';
import { print, say } from '../terminal.ts';

/** Bytes of a password that nobody types. */
const PASSWORD_BYTES = 24;

interface Flags {
  readonly config?: string;
  readonly node: readonly string[];
  readonly shared?: boolean;
  readonly redis: 6 | 7;
}

export function redisAclCommand(): Command {
  return new Command('redis-acl')
    .description(
      'write the ACL file of the registry on Redis: one user a server, each with its own slots alone',
    )
    .option('--config <file>', 'the config.yaml of a running server, whose cluster is asked for its servers')
    .option('--node <name>', 'a server to make a user for, instead; may be given again', append, [])
    .option('--shared', 'one user for all servers, present and to come')
    .option('--redis <version>', 'the oldest Redis it must work on, 6 or 7', majorVersion, 7)
    .action(redisAcl);
}

const append = (name: string, before: readonly string[]) => [...before, name];

function majorVersion(text: string): 6 | 7 {
  if (text === '6' || text === '7') return text === '6' ? 6 : 7;
  throw new InvalidArgumentError('It is 6 or 7.');
}

async function redisAcl(flags: Flags): Promise<void> {
  const { NODE_ID } = await import('../../protocol/limits.ts');
  const { registryAcl, registryUser } = await import('../../engines.ts');
  const nodeIds = flags.shared ? [null] : await nodesOf(flags);
  const wrong = nodeIds.find((nodeId) => nodeId !== null && !NODE_ID.test(nodeId));
  if (wrong !== undefined)
    throw new AtlasError('usage', `${JSON.stringify(wrong)} cannot be the name of a server`, {
      hint: 'give the node_id of each server, such as --node server-01',
    });
  const users = nodeIds.map((nodeId) => {
    const text = randomBytes(PASSWORD_BYTES).toString('base64url');
    return { nodeId, text, password: Secret.fromText(text) };
  });
  const { text, notes } = await registryAcl(users, flags.redis);
  print(text.trimEnd());
  for (const note of notes) say(note);
  for (const { nodeId, text: password } of users) {
    say(`\n${nodeId ?? 'Every server'}, below \`cluster:\` in its config.yaml:`);
    say(`  redis_username: ${await registryUser(nodeId)}\n  redis_password: ${JSON.stringify(password)}`);
  }
}

async function nodesOf({ node, config }: Flags): Promise<readonly string[]> {
  if (node.length > 0) return [...new Set(node)];
  try {
    const server = await runningServer(config === undefined ? {} : { config });
    const { nodes } = await server.get<{ nodes: { node_id: string }[] }>('/api/fleet/cluster/nodes');
    return nodes.map(({ node_id }) => node_id);
  } catch (cause) {
    throw new AtlasError('usage', 'no servers are named, and no running server could be asked for them', {
      cause,
      hint: `name them: ${PROGRAM} cluster redis-acl --node server-01 --node server-02; or use --shared`,
    });
  }
}
