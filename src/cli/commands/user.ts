/** `atlas-fleet user`: administrators. Passwords come from a prompt or stdin, never from argv. */
import { Command } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import { administer } from '../administer.ts';
import { type Flags, withConfig, withFlags } from '../flags.ts';
import { askSecret } from '../question.ts';
import { print, printJson, printTable, readSecretFromFile, readSecretFromStdin, say } from '../terminal.ts';

interface PasswordFlags extends Flags {
  readonly passwordFile?: string;
}

export function userCommand(): Command {
  const user = new Command('user').description('administrators of this fleet');
  withPassword(user.command('add'))
    .description('add an administrator; asks for the password, or reads it from a file or stdin')
    .argument('<name>')
    .action(add);
  withPassword(user.command('passwd'))
    .description('set the password of an administrator; their sessions end')
    .argument('<name>')
    .action(passwd);
  withFlags(user.command('list'), 'server').description('list administrators').action(list);
  withConfig(user.command('setup-code'), 'server')
    .description('a code with which the first administrator is made in the console')
    .action(setupCode);
  return user;
}

function withPassword(command: Command): Command {
  return withConfig(command, 'server').option(
    '--password-file <file>',
    'a file of mode 0600 that holds the password',
  );
}

async function add(username: string, flags: PasswordFlags): Promise<void> {
  await administer(flags, async (server) => {
    await server.post('/api/fleet/users', { username, password: await newPassword(flags) });
    say(`Added ${username}.`);
  });
}

async function passwd(username: string, flags: PasswordFlags): Promise<void> {
  await administer(flags, async (server) => {
    // Said before anybody types a password twice for nobody.
    const { items } = await server.get<{ items: { username: string }[] }>('/api/fleet/users');
    if (!items.some((user) => user.username === username)) {
      throw new AtlasError('user_unknown', `there is no user ${username}`, {
        hint: 'see atlas-fleet user list',
      });
    }
    await server.post('/api/fleet/password', { username, new_password: await newPassword(flags) });
    say(`Password of ${username} set; their sessions have ended.`);
  });
}

async function newPassword({ passwordFile }: PasswordFlags): Promise<string> {
  if (passwordFile !== undefined) return readSecretFromFile(passwordFile).revealText();
  if (!process.stdin.isTTY) return (await readSecretFromStdin()).revealText();
  const first = (await askSecret('New password (12 characters or more)')).revealText();
  const again = (await askSecret('The same again')).revealText();
  if (first !== again) throw new AtlasError('usage', 'the two passwords are not the same');
  return first;
}

async function setupCode(flags: Flags): Promise<void> {
  await administer(flags, async (server) => {
    const { code } = await server.post<{ code: string }>('/api/fleet/setup-code', {});
    print(code);
    say('It is good once, within 30 minutes, at /setup of the server.');
  });
}

async function list(flags: Flags): Promise<void> {
  await administer(flags, async (server) => {
    const answer = await server.get<{ items: { username: string; created_at: string }[] }>(
      '/api/fleet/users',
    );
    if (flags.json) return printJson(answer);
    printTable(
      ['NAME', 'CREATED'],
      answer.items.map((user) => [user.username, user.created_at]),
    );
  });
}
