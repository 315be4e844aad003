/** `atlas-fleet user`: administrators. Passwords come from a prompt or stdin, never from argv. */
import { Command } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import { administer } from '../control.ts';
import { askSecret, print, printJson, printTable, readSecretFromStdin, say } from '../terminal.ts';

interface Flags {
  readonly config?: string;
  readonly json?: boolean;
}

export function userCommand(): Command {
  const user = new Command('user').description('administrators of this fleet');
  withFlags(user.command('add'))
    .description('add an administrator; asks for the password, or reads it from stdin')
    .argument('<name>')
    .action(add);
  withFlags(user.command('passwd'))
    .description('set the password of an administrator; their sessions end')
    .argument('<name>')
    .action(passwd);
  withFlags(user.command('list'))
    .option('--json', 'print JSON')
    .description('list administrators')
    .action(list);
  return user;
}

function withFlags(command: Command): Command {
  return command.option('--config <file>', 'the config.yaml of the server');
}

async function add(username: string, flags: Flags): Promise<void> {
  await administer(flags, async (server) => {
    await server.post('/api/fleet/users', { username, password: await newPassword() });
    say(`Added ${username}.`);
  });
}

async function passwd(username: string, flags: Flags): Promise<void> {
  await administer(flags, async (server) => {
    await server.post('/api/fleet/password', { username, new_password: await newPassword() });
    say(`Password of ${username} set; their sessions have ended.`);
  });
}

async function newPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await readSecretFromStdin()).revealText();
  const first = (await askSecret('New password (12 characters or more)')).revealText();
  const again = (await askSecret('The same again')).revealText();
  if (first !== again) throw new AtlasError('usage', 'the two passwords are not the same');
  return first;
}

async function list(flags: Flags): Promise<void> {
  await administer(flags, async (server) => {
    const answer = await server.get<{ items: { username: string; created_at: string }[] }>(
      '/api/fleet/users',
    );
    if (flags.json) return printJson(answer);
    if (answer.items.length === 0) print('(none)');
    printTable(
      ['NAME', 'CREATED'],
      answer.items.map((user) => [user.username, user.created_at]),
    );
  });
}
