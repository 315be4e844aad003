/** Why a registry on Redis cannot be used, in words for people: what is wrong, and the next step. */
import { ErrorReply, SocketClosedUnexpectedlyError } from 'redis';
import { systemCode } from '../../base/errors.ts';
import { NoAnswer } from '../../base/time-limit.ts';
import type { RedisAccess } from './client.ts';

export interface Explained {
  readonly reason: string;
  readonly hint: string;
  /** The reason holds words that are not ours: they are never the same twice if somebody wants it so. */
  readonly isQuoted?: true;
}

/** As whom we come to it. */
export type RedisUser = Pick<RedisAccess, 'username' | 'password'>;

/** What we found out ourselves. */
export class RedisTrouble extends Error {
  readonly hint: string;

  constructor(reason: string, hint: string) {
    super(reason);
    this.hint = hint;
  }
}

export const IS_REPLICA = new RedisTrouble(
  'it is a replica and takes no writes',
  'name the master as redis_host, or let Sentinels name it (redis_sentinels)',
);

const LIAR = 'see what answers there: it is no Redis, or somebody stands between';
export const FOREIGN_PROTOCOL = new RedisTrouble('it does not speak the Redis protocol', LIAR);
export const TOO_MUCH = new RedisTrouble('it sends more than it was asked for', LIAR);

const WHERE = 'see that Redis runs, and that redis_host and redis_port are right';
const SILENT: Explained = {
  reason: 'it does not answer in time',
  hint: `${WHERE}; a server without TLS is silent like that when redis_tls is on`,
};
const WHO = 'mend redis_username and redis_password';
const TRUST = 'give the authority that signed it as redis_ca_file';
const WAIT = 'nothing to do: it is tried again by itself';

const BY_CODE: Readonly<Record<string, Explained>> = {
  ECONNREFUSED: { reason: 'nobody listens there', hint: WHERE },
  ECONNRESET: { reason: 'the connection was cut', hint: WHERE },
  EPIPE: { reason: 'the connection was cut', hint: WHERE },
  EHOSTUNREACH: { reason: 'the network has no way to it', hint: WHERE },
  ENETUNREACH: { reason: 'the network has no way to it', hint: WHERE },
  ETIMEDOUT: SILENT,
  ENOTFOUND: { reason: 'its name is not known', hint: WHERE },
  EAI_AGAIN: { reason: 'its name cannot be looked up now', hint: WHERE },
  WRONGPASS: { reason: 'the user or the password is wrong', hint: WHO },
  NOAUTH: { reason: 'it asks for a password', hint: WHO },
  READONLY: { reason: IS_REPLICA.message, hint: IS_REPLICA.hint },
  LOADING: { reason: 'it is still loading its data', hint: WAIT },
  MASTERDOWN: { reason: 'it has lost its master', hint: WAIT },
  BUSY: { reason: 'it is busy with a script', hint: 'see who runs scripts on it: Atlas Fleet runs none' },
  OOM: { reason: 'its memory is full', hint: 'raise maxmemory, or see what fills it' },
  MISCONF: { reason: 'it cannot save to its disk', hint: 'see its log and its disk' },
  NOREPLICAS: { reason: 'it has too few replicas to take writes', hint: 'see that its replicas run' },
  CERT_HAS_EXPIRED: { reason: 'its certificate has expired', hint: 'renew its certificate' },
  CERT_NOT_YET_VALID: { reason: 'its certificate is not valid yet', hint: 'see that both clocks are right' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'its certificate is for another name',
    hint: 'give the name in its certificate as redis_server_name',
  },
  ERR_INVALID_ARG_VALUE: {
    reason: 'redis_server_name is an address, not a name',
    hint: 'leave it out: an address is compared by itself',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: { reason: 'it does not speak TLS', hint: 'mend redis_tls or redis_port' },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: { reason: 'it does not speak TLS', hint: 'mend redis_tls or redis_port' },
};

const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_(UNTRUSTED|SIGNATURE|CHAIN)|^INVALID_CA/;
/** Characters of a text that is not ours, which are passed on. Arbitrary. */
const QUOTED_MAX = 120;

export function explain(error: unknown, user: RedisUser): Explained {
  if (error instanceof RedisTrouble) return { reason: error.message, hint: error.hint };
  const code = codeOf(error);
  const known = BY_CODE[code];
  if (known) return known;
  if (code === 'NOPERM') return explainRefusal(user);
  if (UNTRUSTED.test(code)) return { reason: 'its certificate is not trusted', hint: TRUST };
  if (error instanceof ErrorReply) return explainReply(error.message, user);
  if (error instanceof NoAnswer || isTimeout(error)) return SILENT;
  // What the library stumbles over when an answer comes that nobody waits for.
  if (error instanceof TypeError && code === '') return explain(FOREIGN_PROTOCOL, user);
  if (error instanceof SocketClosedUnexpectedlyError)
    return {
      reason: 'it closed the connection',
      hint: 'see its log, and whether it expects TLS (redis_tls)',
    };
  const words = error instanceof Error ? error.message : String(error);
  return { reason: quote(words, user), hint: WHERE, isQuoted: true };
}

/**
 * The same, without a word of the server's own: until the greeting is over we do not know who it is, and it has just
 * been told the password.
 */
export function explainStranger(error: unknown, user: RedisUser): Explained {
  const explained = explain(error, user);
  return explained.isQuoted ? { reason: 'it does not let us in', hint: `${WHERE}; see its log` } : explained;
}

/** The first word of an error reply, or the system's code. */
export function codeOf(error: unknown): string {
  if (error instanceof ErrorReply) return error.message.split(' ', 1)[0] ?? '';
  return systemCode(error) ?? '';
}

/** node-redis has three kinds of them. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && /time ?out/i.test(error.message);
}

function explainRefusal({ username }: RedisUser): Explained {
  return {
    reason: `its user ${username ?? 'default'} may not do that; each server has a user of its own (redis_username)`,
    hint: 'give the user the rights that `atlas-fleet cluster redis-acl` writes',
  };
}

function explainReply(message: string, user: RedisUser): Explained {
  if (/unknown (sub)?command/i.test(message))
    return {
      reason: 'it does not know a command that is needed',
      hint: 'Atlas Fleet needs Redis 6.2 or later',
    };
  if (/DB index/.test(message)) return { reason: 'it has no database of that number', hint: 'mend redis_db' };
  return { reason: `it answered "${quote(message, user)}"`, hint: 'see its log', isQuoted: true };
}

/** A server that has our password can say it back. */
export function quote(words: string, { password }: RedisUser): string {
  const secret = password?.revealText();
  return (secret ? words.replaceAll(secret, '[secret]') : words).slice(0, QUOTED_MAX);
}
