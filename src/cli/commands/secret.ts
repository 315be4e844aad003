/** `atlas-fleet secret`: makes secrets. Prints nothing but the secret, so that it can be piped into a file. */
import { Command } from 'commander';
import { print } from '../terminal.ts';

export function secretCommand(): Command {
  const secret = new Command('secret').description('make secrets');
  secret
    .command('generate')
    .description(
      'print a fresh secret of 32 random bytes: for cluster_secret, api_key and the encryption keys',
    )
    .action(async () => {
      const { generateSecretText } = await import('../../protocol/keyring.ts');
      print(generateSecretText());
    });
  return secret;
}
