/** `atlas-fleet audit`: who did what, from the running server or, when none runs, from its database. */
import { Command, InvalidArgumentError } from 'commander';
import { administer } from '../administer.ts';
import { type Flags, withFlags } from '../flags.ts';
import { printJson, printTable, say } from '../terminal.ts';

const LIMIT_DEFAULT = 50;
/** Of one page of the API. */
const LIMIT_MAX = 500;

interface ListFlags extends Flags {
  readonly limit: number;
  readonly kind?: string;
  readonly cursor?: string;
}

interface Entry {
  readonly at: string;
  readonly actor: { readonly kind: string; readonly name: string };
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
  readonly outcome: string;
  readonly node_id: string;
  readonly address: string | null;
}

export function auditCommand(): Command {
  const audit = new Command('audit').description('who did what');
  const command = audit
    .command('list')
    .description('the newest entries of the audit log')
    .option('--limit <n>', `how many, up to ${LIMIT_MAX}`, pageSize, LIMIT_DEFAULT)
    .option('--kind <kind>', 'only those of one kind, such as login, user, token, roster')
    .option('--cursor <cursor>', 'those before a page, by its next_cursor');
  withFlags(command, 'server').action(list);
  return audit;
}

function pageSize(text: string): number {
  if (/^[1-9][0-9]{0,2}$/.test(text) && Number(text) <= LIMIT_MAX) return Number(text);
  throw new InvalidArgumentError(`It is a whole number from 1 to ${LIMIT_MAX}.`);
}

async function list({ limit, kind, cursor, ...flags }: ListFlags): Promise<void> {
  const query = new URLSearchParams({
    limit: `${limit}`,
    ...(kind !== undefined && { kind }),
    ...(cursor !== undefined && { cursor }),
  });
  await administer(flags, async (server) => {
    const answer = await server.get<{ items: Entry[]; next_cursor: string | null }>(
      `/api/fleet/audit?${query}`,
    );
    if (flags.json) return printJson(answer);
    printTable(
      ['WHEN', 'WHO', 'FROM', 'WHAT', 'SUBJECT', 'OUTCOME', 'SERVER', 'DETAIL'],
      answer.items.map(cellsOf),
    );
    if (answer.next_cursor !== null) say(`There are older ones: --cursor ${answer.next_cursor}`);
  });
}

function cellsOf({ at, actor, action, subject, detail, outcome, node_id, address }: Entry): string[] {
  const particulars = Object.entries(detail).map(([name, value]) => `${name}=${value}`);
  const who = actor.name === '' ? actor.kind : `${actor.kind} ${actor.name}`;
  return [at, who, address ?? '-', action, subject || '-', outcome, node_id, particulars.join(' ') || '-'];
}
