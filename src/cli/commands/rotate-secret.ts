/**
 * `atlas-fleet cluster rotate-secret`: changes the cluster secret on the running cluster, and tells how far each server
 * is. It returns when all that live sign with the new secret; the old one is retired by the servers themselves.
 */
import { Command } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import type { ControlClient } from '../control-client.ts';
import { runningServer } from '../control-socket.ts';
import { type Flags, withConfig, withFlags } from '../flags.ts';
import { requireYes } from '../question.ts';
import { printJson, printTable, say } from '../terminal.ts';
import { sayWhatItStillKnows } from './recovery.ts';
import { membersHint, type Roster, unknownMember } from './roster.ts';

const ASK_AGAIN_MS = 500;
const PATH = '/api/fleet/cluster/rotation';

interface RotationFlags extends Flags {
  readonly yes?: boolean;
  readonly compromised?: boolean;
  readonly keep?: readonly string[];
  readonly abandon?: boolean;
}

interface Rotation {
  readonly phase: 'prepared' | 'active' | 'abandoned' | null;
  readonly key_id: string;
  readonly nodes: readonly {
    readonly node_id: string;
    readonly this_node: boolean;
    readonly state: string;
    readonly accepts: boolean;
    readonly signs: boolean;
    readonly waited_for: boolean;
    readonly heard_seconds_ago: number | null;
  }[];
  readonly sentence: string;
}

export function rotateSecretCommand(): Command {
  const command = new Command('rotate-secret')
    .description('change the cluster secret while the cluster runs')
    .option(
      '--compromised',
      'somebody has the secret: evict all but --keep, and let nobody in without a ticket',
    )
    .option('--keep <node...>', 'with --compromised: the servers that stay')
    .option('--abandon', 'back to the secret that counted before, while that is possible')
    .option('--yes', 'do not ask');
  return withConfig(command, 'running server')
    .option('--json', 'print the last progress as JSON')
    .action(rotateSecret);
}

export function rotationCommand(): Command {
  return withFlags(new Command('rotation'), 'running server')
    .description('how far a rotation of the secret is')
    .action(async (flags: Flags) => {
      const server = await runningServer(flags);
      const rotation = await server.get<Rotation>(PATH);
      if (flags.json) return printJson(rotation);
      say(rotation.sentence);
      if (rotation.nodes.length > 0) printNodes(rotation);
    });
}

async function rotateSecret(flags: RotationFlags): Promise<void> {
  const server = await runningServer(flags);
  if (flags.keep !== undefined && !flags.compromised)
    throw new AtlasError('usage', '--keep is given without --compromised', {
      hint: 'a routine rotation keeps all servers',
    });
  if (flags.abandon) {
    await server.delete(PATH);
    finish(await follow(server), flags);
    return;
  }
  await begin(server, flags, flags.compromised ? await keepList(server, flags) : null);
  finish(await follow(server), flags);
  if (flags.compromised) await sayWhatItStillKnows(server);
}

type Kept = readonly { readonly node_id: string; readonly fingerprint: string }[];

async function begin(server: ControlClient, flags: RotationFlags, keep: Kept | null): Promise<void> {
  if (!flags.yes) await requireYes(keep === null ? await routineQuestion(server) : EVICT_THEM);
  await server.post(PATH, keep === null ? { mode: 'routine' } : { mode: 'compromise', keep });
}

const EVICT_THEM = 'Evict them and change the secret now?';

/** Throws rotation_runs: while one is under way, no other can begin, and nobody need be asked. */
async function routineQuestion(server: ControlClient): Promise<string> {
  const { phase, sentence } = await server.get<Rotation>(PATH);
  if (phase !== null)
    throw new AtlasError('rotation_runs', `a rotation is under way: ${sentence}`, {
      hint: 'it goes on by itself; see atlas-fleet cluster rotation',
    });
  const { members } = await server.get<Roster>('/api/fleet/cluster/roster');
  return `Change the secret of ${members.map(({ node_id }) => node_id).join(', ')} now?`;
}

/** With the keys that the servers have now, as the operator sees them before he says yes. */
async function keepList(server: ControlClient, { keep = [] }: RotationFlags): Promise<Kept> {
  const { members } = await server.get<Roster>('/api/fleet/cluster/roster');
  const unknown = keep.filter((name) => !members.some(({ node_id }) => node_id === name));
  if (keep.length === 0)
    throw new AtlasError('usage', '--compromised needs --keep', { hint: membersHint(members) });
  if (unknown.length > 0) throw unknownMember(unknown, members);
  const rows = members.map(({ node_id, fingerprint, state, admitted_by }) => [
    node_id,
    fingerprint,
    state,
    admitted_by ?? '-',
    keep.includes(node_id) ? 'stays' : 'is evicted for ever',
  ]);
  printTable(['NODE', 'KEY', 'STATE', 'ADMITTED BY', ''], rows);
  return members
    .filter(({ node_id }) => keep.includes(node_id))
    .map(({ node_id, fingerprint }) => ({ node_id, fingerprint }));
}

/** Until all that live are at the secret that stays. A line for each change. */
async function follow(server: ControlClient): Promise<Rotation> {
  let said = '';
  for (;;) {
    const rotation = await server.get<Rotation>(PATH).catch(rejectAsGone);
    if (rotation.sentence !== said) say(rotation.sentence);
    said = rotation.sentence;
    const isDone = rotation.phase !== 'prepared' && !rotation.nodes.some((node) => node.waited_for);
    if (isDone) return rotation;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** Whoever began it may die: the others go on. */
function rejectAsGone(error: unknown): never {
  if (!(error instanceof AtlasError) || error.kind !== 'unavailable') throw error;
  throw new AtlasError(error.code, error.message, {
    cause: error,
    hint: 'the rotation goes on by itself; see atlas-fleet cluster rotation on another server',
  });
}

function finish(rotation: Rotation, { json }: Flags): void {
  if (json) printJson(rotation);
  say(`Done: key ${rotation.key_id} signs.`);
  if (rotation.phase !== null)
    say(
      'The servers retire the other secret by themselves after one node_timeout, about half a minute by default.',
    );
}

function printNodes({ nodes }: Rotation): void {
  const rows = nodes.map((node) => [
    node.this_node ? `${node.node_id} (this)` : node.node_id,
    node.state,
    node.accepts ? 'yes' : 'no',
    node.signs ? 'yes' : 'no',
    node.heard_seconds_ago === null ? '-' : `${node.heard_seconds_ago} s`,
    node.waited_for ? 'is waited for' : '',
  ]);
  printTable(['NODE', 'STATE', 'ACCEPTS', 'SIGNS', 'HEARD', ''], rows);
}
