/** `--cluster redis://…`, which takes no password: every user of the machine can read the arguments of a process. */
import { AtlasError } from '../base/errors.ts';
import { REDIS_URL_FORM, type RedisUrl, readRedisUrl } from '../config/redis-url.ts';

/** Throws usage. */
export function parseRedisFlag(text: string): RedisUrl {
  const reading = readRedisUrl(text);
  if (reading.ok) return reading.value;
  if (reading.code === 'password_in_clear') throw passwordInFlag('--cluster', '--redis-password-file');
  throw new AtlasError('usage', '--cluster is no address of a Redis', {
    hint: `write it as ${REDIS_URL_FORM}`,
  });
}

export function passwordInFlag(flag: string, fileFlag: string): AtlasError {
  return new AtlasError(
    'usage',
    `${flag} has a password in it, which every user of this machine can read in the list of processes`,
    { hint: `change that password, leave it out of ${flag}, and name a file of mode 0600 with ${fileFlag}` },
  );
}
