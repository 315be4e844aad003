/** `atlas-fleet cluster roster` and the acts on it: who belongs to the cluster, and who is not to. */
import { Argument, Command } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import type { ControlClient } from '../control-client.ts';
import { runningServer } from '../control-socket.ts';
import { type Flags, withConfig, withFlags } from '../flags.ts';
import { ownCommand, PROGRAM_ANYWHERE } from '../program.ts';
import { requireYes } from '../question.ts';
import { print, printJson, printTable, say } from '../terminal.ts';
import { sayWhatItStillKnows, sayWhomItAdmitted } from './recovery.ts';

interface ActFlags extends Flags {
  readonly yes?: boolean;
}

/** The part of the API's answer that is shown. */
export interface Roster {
  readonly epoch: number;
  readonly hash: string;
  readonly level: number;
  readonly admission: string;
  readonly members: readonly {
    readonly node_id: string;
    readonly fingerprint: string;
    /** Null of the founder. */
    readonly admitted_by: string | null;
    readonly state: string;
    readonly this_node: boolean;
  }[];
  readonly evicted: readonly string[];
  /** Two, of which one may be chosen. */
  readonly pasts: { readonly epoch: number; readonly ours: string; readonly theirs: string } | null;
  readonly steps: readonly {
    readonly epoch: number;
    readonly at: string;
    readonly signer: string;
    readonly sentences: readonly string[];
  }[];
}

export type Member = Roster['members'][number];

const PATH = '/api/fleet/cluster/roster';

interface MemberAct {
  readonly name: 'remove' | 'evict' | 'readmit';
  readonly about: string;
  /** Of what cannot be taken back; it is asked of who is there alone. */
  readonly question?: (member: Member) => string;
  readonly done: (node: string) => string;
  /** What is left to say then. */
  readonly after?: (server: ControlClient, node: string) => Promise<void>;
}

const MEMBER_ACTS: readonly MemberAct[] = [
  {
    name: 'remove',
    about: 'take a server that is gone off the roster; under its name another may come',
    done: (node) => `Removed ${node}.`,
  },
  {
    name: 'evict',
    about: 'ban a server for ever, and change the secret that it knows',
    question: (member) =>
      `Its key is banned for ever, the cluster secret changes, and new servers need a ticket. Evict ${shownMember(member)}?`,
    done: (node) =>
      `Evicted ${node}. New servers need a ticket from now on: ${ownCommand('cluster ticket create')}`,
    after: async (server, node) => {
      await sayWhomItAdmitted(server, node);
      await sayWhatItStillKnows(server);
    },
  },
  {
    name: 'readmit',
    about: 'lift the ban of a name; it comes back with another key',
    done: (node) => `The name ${node} is free again. To get it back, the server joins under it, with a ticket:
  ${ownCommand('cluster ticket create')}
and there, where its config.yaml is, without the identity.json of its data folder; or in an empty folder:
  ${PROGRAM_ANYWHERE} server --join - --node-id ${node}`,
  },
];

function memberCommand({ name, about, question, done, after }: MemberAct): Command {
  return withConfig(new Command(name), 'running server')
    .description(about)
    .argument('<node>', 'its node_id')
    .option('--yes', 'do not ask')
    .action(async (node: string, flags: ActFlags) => {
      const server = await runningServer(flags);
      if (question !== undefined && !flags.yes) {
        const { members } = await server.get<Roster>(PATH);
        await requireYes(question(otherMember(node, members)));
      }
      await server.post(`/api/fleet/cluster/${name}`, { node_id: node });
      say(done(node));
      await after?.(server, node);
    });
}

/** Before anybody is asked about it. Throws member_unknown, and member_runs of this server. */
function otherMember(name: string, members: readonly Member[]): Member {
  const member = members.find(({ node_id }) => node_id === name);
  if (member === undefined) throw unknownMember([name], members);
  if (member.this_node)
    throw new AtlasError('member_runs', `${name} is this server`, { hint: 'evict it on another one' });
  return member;
}

export function unknownMember(names: readonly string[], members: readonly Member[]): AtlasError {
  return new AtlasError('member_unknown', `no member is called ${names.join(', ')}`, {
    hint: membersHint(members),
  });
}

export const membersHint = (members: readonly Member[]) =>
  `the members are ${members.map(({ node_id }) => node_id).join(', ')}`;

/** To be told from another before something is done to it. */
const shownMember = ({ node_id, state, fingerprint }: Member) => `${node_id} (${state}, key ${fingerprint})`;

export function rosterCommands(): Command[] {
  return [
    withFlags(new Command('roster'), 'running server')
      .description('who belongs to the cluster, and the last steps')
      .action(roster),
    ...MEMBER_ACTS.map(memberCommand),
    withConfig(new Command('admission'), 'running server')
      .description('what a new server needs: the cluster secret, or a one-time ticket')
      .addArgument(new Argument('<by>').choices(['secret', 'ticket']))
      .action(async (admission: string, flags: Flags) => {
        const server = await runningServer(flags);
        await server.post('/api/fleet/cluster/admission', { admission });
        say(`New servers are admitted by ${admission} from now on.`);
      }),
    withConfig(new Command('level'), 'running server')
      .description('the security level that no server may fall below')
      .addArgument(new Argument('<level>').choices(['2', '3']))
      .action(async (level: string, flags: Flags) => {
        const server = await runningServer(flags);
        await server.post('/api/fleet/cluster/level', { level: Number(level) });
        say(`The cluster promises level ${level} from now on.`);
      }),
    withConfig(new Command('choose'), 'running server')
      .description('say which of two pasts of the roster is right, where there are two')
      .argument('<hash>', 'the first digits of its first step, from cluster roster')
      .action(async (hash: string, flags: Flags) => {
        const server = await runningServer(flags);
        await server.post('/api/fleet/cluster/choose', { hash });
        say(`Chosen: the past that begins with ${hash}. Do the same on each of the other servers.`);
      }),
  ];
}

async function roster(flags: Flags): Promise<void> {
  const server = await runningServer(flags);
  const answer = await server.get<Roster>(PATH);
  if (flags.json) return printJson(answer);
  print(`Step ${answer.epoch}, admission by ${answer.admission}, level ${answer.level}, hash ${answer.hash}`);
  printTable(
    ['NODE', 'KEY', 'STATE', 'ADMITTED BY'],
    answer.members.map((member) => [
      member.this_node ? `${member.node_id} (this)` : member.node_id,
      member.fingerprint,
      member.state,
      member.admitted_by ?? '-',
    ]),
  );
  if (answer.evicted.length > 0) print(`Evicted: ${answer.evicted.join(', ')}`);
  if (answer.pasts !== null)
    print(
      `Two pasts from step ${answer.pasts.epoch} on: ${answer.pasts.ours} here, or ${answer.pasts.theirs}`,
    );
  printTable(
    ['STEP', 'WHEN', 'SIGNED BY', 'WHAT'],
    answer.steps.map(({ epoch, at, signer, sentences }) => [`${epoch}`, at, signer, sentences.join('; ')]),
  );
}
