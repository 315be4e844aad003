/** `atlas-fleet token`: API tokens for scripts. A token is printed once, when it is made. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { administer } from '../administer.ts';
import { type Flags, withFlags } from '../flags.ts';
import { print, printJson, printTable, say } from '../terminal.ts';

/** Those that a route of this version asks for. */
const SCOPES = ['read', 'packages:build', 'admin'];
const DAY_SECONDS = 86_400;

interface Token {
  readonly token_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
}

export function tokenCommand(): Command {
  const token = new Command('token').description('API tokens');
  withFlags(token.command('create'), 'server')
    .description('make a token and print it, this once')
    .argument('<name>', 'what it is for')
    .addOption(new Option('--scope <scope...>', 'what it may do').choices(SCOPES).default(['read']))
    .option('--days <n>', 'days until it ends; without it, it does not', wholeDays)
    .action(create);
  withFlags(token.command('list'), 'server').description('list tokens').action(list);
  withFlags(token.command('revoke'), 'server')
    .description('end a token')
    .argument('<id>', 'its id, from token list')
    .action(revoke);
  return token;
}

function wholeDays(text: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number of days.');
}

async function create(name: string, flags: Flags & { scope: string[]; days?: number }): Promise<void> {
  await administer(flags, async (server) => {
    const expiry = flags.days === undefined ? {} : { expires_in_seconds: flags.days * DAY_SECONDS };
    const answer = await server.post<Token & { token: string }>('/api/fleet/tokens', {
      name,
      scopes: flags.scope,
      ...expiry,
    });
    if (flags.json) return printJson(answer);
    print(answer.token);
    say('Keep it now: it is not shown again.');
  });
}

async function list(flags: Flags): Promise<void> {
  await administer(flags, async (server) => {
    const answer = await server.get<{ items: Token[] }>('/api/fleet/tokens');
    if (flags.json) return printJson(answer);
    const rows = answer.items.map((token) => [
      token.token_id,
      token.name,
      token.scopes.join(','),
      token.expires_at ?? 'never',
      token.last_used_at ?? 'never',
    ]);
    printTable(['ID', 'NAME', 'SCOPES', 'ENDS', 'LAST USED'], rows);
  });
}

async function revoke(tokenId: string, flags: Flags): Promise<void> {
  await administer(flags, async (server) => {
    await server.delete(`/api/fleet/tokens/${encodeURIComponent(tokenId)}`);
    say('Revoked.');
  });
}
