/** `atlas-fleet package`: what is said of a package by the file alone, without a server and without a Mac. */
import { Command, InvalidArgumentError } from 'commander';
import { inspect } from '../package-file/inspect.ts';
import { sign } from '../package-file/sign.ts';
import { verify } from '../package-file/verify.ts';
import { buildCommands } from './package-build.ts';
import { recordCommands } from './package-records.ts';

export function packageCommand(): Command {
  const command = new Command('package').description('installer packages for Macs');
  for (const one of [...buildCommands(), ...recordCommands()]) command.addCommand(one);
  command
    .command('inspect')
    .description(
      'what a package is, what it lays down and sets, and which credentials it carries, never their value',
    )
    .argument('<file>', 'the package')
    .option('--list', 'every file, with its mode and size')
    .option('--json', 'print JSON')
    .action(inspect);
  command
    .command('verify')
    .description('check each byte of a package, and that its parts agree')
    .argument('<file>', 'the package')
    .option('--sha256 <hex>', 'the checksum that the file shall have', checksum)
    .option('--ca-file <file>', 'authorities (PEM), of which one shall vouch for the signer')
    .action(verify);
  command
    .command('sign')
    .description('write a signed copy of a package')
    .argument('<file>', 'the package')
    .requiredOption('--out <file>', 'the signed package')
    .option('--sha256 <hex>', 'the checksum that the package shall have', checksum)
    .option('--sign-p12 <file>', 'the identity as the keychain exports it')
    .option('--sign-password-file <file>', 'a file of mode 0600 with its password; otherwise you are asked')
    .option('--sign-key <file>', 'the private key (PEM), in place of --sign-p12')
    .option('--sign-chain <file>', 'its certificates (PEM), its own first')
    .action(sign);
  return command;
}

function checksum(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It is 64 hex digits.');
}
