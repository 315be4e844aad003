/**
 * The kinds of secret: each reads a text into a Secret, or says why not without saying what it read. A secret
 * that is present and empty is a fault and never "no secret": the ancestor took it so, and thereby switched
 * all authentication off.
 */
import { isArgon2id, parsePasswordHash } from '../base/password-hash.ts';
import { Secret } from '../base/secret.ts';
import { parseSecret, type SecretFault } from '../protocol/keyring.ts';
import { KEY_BYTES, SECRET_MIN_BYTES } from '../protocol/limits.ts';
import { readTicket } from '../protocol/ticket.ts';
import { asIs, bad, type Fault, good, type Kind, type Plain, type Reading } from './kind.ts';
import type { ProblemCode } from './problem.ts';

/** Secrets of published samples that are not cluster secrets. */
const PUBLISHED: ReadonlySet<string> = new Set([
  'shared_api_key',
  'base64_encryption_key',
  'db_encryption_key',
  'redis_password_here',
  'strong_redis_password',
]);

const API_KEY_MIN_LENGTH = 24;
/** Arbitrary; it has to fit into a header with room to spare. */
const TEXT_MAX_LENGTH = 512;

const CODES: Readonly<Record<SecretFault, ProblemCode>> = {
  published: 'secret_published',
  not_base64: 'secret_not_base64',
  too_short: 'secret_too_short',
  repeated_byte: 'secret_repeated_byte',
};

const GENERATE = 'Put in the output of `atlas-fleet secret generate`';

interface SecretRule {
  readonly expected: string;
  readonly hint: string;
  readonly emptyHint: string;
  judge(text: string): Reading<Secret>;
}

function secretText(rule: SecretRule): Kind<Secret> {
  const mended = (reading: Reading<Secret>): Reading<Secret> =>
    reading.ok ? reading : { hint: rule.hint, ...reading };
  return {
    expected: rule.expected,
    example: '…',
    schema: { type: 'string', minLength: 1, writeOnly: true },
    read(plain) {
      if (plain === null || plain === '') return empty(rule.emptyHint);
      if (typeof plain !== 'string') return bad('wrong_type', { hint: notTextHint(plain, rule.hint) });
      if (PUBLISHED.has(plain)) return mended(published());
      return mended(rule.judge(plain));
    },
    fromText: asIs,
  };
}

const published = () =>
  bad('secret_published', { sentence: 'it is the sample from a published document; everybody has it' });

function empty(hint: string): Fault {
  return bad('secret_empty', { sentence: 'the key is there, and its value is empty', hint });
}

function notTextHint(plain: Plain, hint: string): string {
  return typeof plain === 'object'
    ? hint
    : 'Put the value between double quotes, so that it is read as text.';
}

/** Signs the records of a cluster: base64 of at least 32 bytes. */
export function clusterSecret(): Kind<Secret> {
  return secretText({
    expected: `base64 of at least ${SECRET_MIN_BYTES} random bytes`,
    hint: `${GENERATE}, the same on every node of the cluster.`,
    emptyHint: `${GENERATE}. To run without authentication of nodes, remove the line.`,
    judge: judgeBytes,
  });
}

/** Used as it is, for AES-256 and SQLCipher: base64 of exactly 32 bytes. `scope` says who shares it. */
export function key(scope: string): Kind<Secret> {
  const hint = `${GENERATE}, ${scope}.`;
  return secretText({
    expected: `base64 of exactly ${KEY_BYTES} random bytes`,
    hint,
    emptyHint: hint,
    judge(text) {
      const reading = judgeBytes(text);
      if (!reading.ok) return reading;
      const { byteLength } = reading.value.reveal();
      if (byteLength === KEY_BYTES) return reading;
      return bad('secret_wrong_length', {
        sentence: `it decodes to ${byteLength} bytes; exactly ${KEY_BYTES} are needed`,
      });
    },
  });
}

function judgeBytes(text: string): Reading<Secret> {
  const parsed = parseSecret(text);
  return parsed.ok ? good(parsed.secret) : bad(CODES[parsed.fault], { sentence: parsed.sentence });
}

export function apiKey(scope: string): Kind<Secret> {
  const hint = `${GENERATE}, ${scope}.`;
  return secretText({
    expected: `at least ${API_KEY_MIN_LENGTH} printable ASCII characters without spaces`,
    hint,
    emptyHint: hint,
    judge(text) {
      if (text.length < API_KEY_MIN_LENGTH) {
        const characters = text.length === 1 ? 'one character' : `${text.length} characters`;
        const sentence = `it has ${characters}; at least ${API_KEY_MIN_LENGTH} are needed`;
        return bad('secret_too_short', { sentence });
      }
      if (!/^[!-~]+$/.test(text) || text.length > TEXT_MAX_LENGTH) {
        return bad('secret_weak', { sentence: 'it has spaces or characters that no HTTP header carries' });
      }
      if (/^(.)\1*$/.test(text)) {
        return bad('secret_repeated_byte', { sentence: 'it is one character repeated' });
      }
      const known = parseSecret(text);
      return !known.ok && known.fault === 'published' ? published() : good(Secret.fromText(text));
    },
  });
}

export function joinTicket(): Kind<Secret> {
  const hint = 'Put in the whole line that `atlas-fleet cluster ticket create` prints, or remove the line.';
  return secretText({
    expected: 'a join ticket (atlas-fleet-ticket.v1.…)',
    hint,
    emptyHint: hint,
    judge(text) {
      const reading = readTicket(text);
      return reading.ok ? good(Secret.fromText(text)) : bad('ticket_malformed', { sentence: reading.reason });
    },
  });
}

/** A password that another program chose rules for; only what cannot be one is refused. */
export function password(asker: string): Kind<Secret> {
  const hint = `Put in the password that ${asker} asks for, or remove the line when it asks for none.`;
  return secretText({
    expected: 'a password',
    hint,
    emptyHint: hint,
    judge: (text) =>
      /\p{Cc}/u.test(text) || text.length > TEXT_MAX_LENGTH
        ? bad('secret_weak', { sentence: `it has control characters, or more than ${TEXT_MAX_LENGTH}` })
        : good(Secret.fromText(text)),
  });
}

export function passwordHash(): Kind<Secret> {
  const hint = '`atlas-fleet user passwd` makes a hash; a password never stands here in clear.';
  return secretText({
    expected: 'an argon2id hash ($argon2id$v=19$m=…,t=…,p=…$salt$hash)',
    hint,
    emptyHint: `${hint} Without web_password, remove the line.`,
    judge(text) {
      if (parsePasswordHash(text) !== undefined) return good(Secret.fromText(text));
      if (!isArgon2id(text)) return bad('password_in_clear', { sentence: 'it is not an argon2id hash' });
      return bad('out_of_range', {
        sentence: 'its parameters, or the spelling of its salt and hash, are not accepted',
      });
    },
  });
}
