/** `atlas-fleet cluster ticket`: the way in for one more server. A ticket goes to stdout, alone and once. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { isNearbyName, unbracketed } from '../../base/host-text.ts';
import { duration } from '../../config/kind.ts';
import {
  TICKET_LIFE_MAX_SECONDS,
  TICKET_LIFE_MIN_SECONDS,
  TICKET_LIFE_SECONDS,
} from '../../protocol/limits.ts';
import { runningServer } from '../control-socket.ts';
import { type Flags, withFlags } from '../flags.ts';
import { JOIN_COMMAND } from '../program.ts';
import { print, printJson, printTable, say, sayWarning } from '../terminal.ts';

const PATH = '/api/fleet/cluster/tickets';
const HOUR_SECONDS = 3600;

interface Ticket {
  readonly id: string;
  readonly state: string;
  readonly created_by: string;
  readonly expires_at: string;
  readonly used_by: string | null;
}

interface NewTicket {
  readonly id: string;
  readonly ticket: string;
  readonly expires_at: string;
  readonly servers: readonly string[];
}

export function ticketCommand(): Command {
  const ticket = new Command('ticket').description('join tickets: each lets one server in, once');
  withFlags(ticket.command('create'), 'running server')
    .description('make a ticket and print it, this once')
    .addOption(lifeOption())
    .action(create);
  withFlags(ticket.command('list'), 'running server').description('list tickets').action(list);
  withFlags(ticket.command('revoke'), 'running server')
    .description('end a ticket that nobody has used')
    .argument('<id>', 'its id, from ticket list')
    .action(revoke);
  return ticket;
}

export function lifeOption(): Option {
  const usual = `${TICKET_LIFE_SECONDS / HOUR_SECONDS}h`;
  return new Option('--life <time>', 'how long it is good for')
    .argParser(lifeSeconds)
    .default(TICKET_LIFE_SECONDS, usual);
}

function lifeSeconds(text: string): number {
  const kind = duration(TICKET_LIFE_MIN_SECONDS, TICKET_LIFE_MAX_SECONDS);
  const reading = kind.read(kind.fromText(text), '');
  if (reading.ok) return reading.value;
  throw new InvalidArgumentError(`It is ${kind.expected}.`);
}

async function create(flags: Flags & { life: number }): Promise<void> {
  const server = await runningServer(flags);
  const made = await server.post<NewTicket>(PATH, { life_seconds: flags.life });
  warnOfNames(made);
  if (flags.json) return printJson(made);
  print(made.ticket);
  say(`Ticket ${made.id}, good for one server until ${made.expires_at}. It is not shown again.
On the new machine, in a folder of its own (where Atlas Fleet lies elsewhere there, with its path); it asks for the ticket:
  ${JOIN_COMMAND}
It asks ${made.servers.join(', ')}.`);
}

function warnOfNames({ servers }: NewTicket): void {
  const hosts = [...new Set(servers.map((url) => unbracketed(URL.parse(url)?.hostname ?? '')))];
  if (!hosts.every(isNearbyName)) return;
  sayWarning(
    `The ticket names the servers without a domain, or in .local (${hosts.join(', ')}): the new machine may not know such a name.`,
    'Set server.public_url to an address that the new machine reaches, or give this machine a name with a domain; then make another.',
  );
}

async function list(flags: Flags): Promise<void> {
  const server = await runningServer(flags);
  const answer = await server.get<{ items: Ticket[] }>(PATH);
  if (flags.json) return printJson(answer);
  const rows = answer.items.map(({ id, state, created_by, expires_at, used_by }) => [
    id,
    state,
    created_by,
    expires_at,
    used_by ?? '-',
  ]);
  printTable(['ID', 'STATE', 'MADE ON', 'ENDS', 'USED BY'], rows);
}

async function revoke(id: string, flags: Flags): Promise<void> {
  const server = await runningServer(flags);
  await server.delete(`${PATH}/${encodeURIComponent(id)}`);
  say('Revoked.');
}
