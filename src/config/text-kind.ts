/** The kinds of text that have a form of their own: names, ids, pins. */
import { isUsername, USERNAME } from '../base/username.ts';
import { NODE_ID, NODE_ID_MAX_LENGTH } from '../protocol/limits.ts';
import { HOST_NAME } from './address-kind.ts';
import { bad, type Kind, text, textOrPlaceholder } from './kind.ts';

export const name = (what: string, example: string) =>
  text({
    expected: `${what} of at most 128 printable characters`,
    example,
    pattern: /^[^\p{C}\p{Z}](?:[^\p{C}]{0,126}[^\p{C}\p{Z}])?$/u,
  });

const SPELLING_HINT = 'It has letters that are not in their usual spelling (Unicode NFC): type it anew.';
const usernameForm = text({
  expected: 'a user name: at most 128 letters, digits and ._@+-, a letter or digit first',
  example: 'admin',
  pattern: USERNAME,
});

/** Of a person who logs in, as base/username.ts has it. */
export const username: Kind<string> = {
  ...usernameForm,
  read(plain, folder) {
    const reading = usernameForm.read(plain, folder);
    return !reading.ok || isUsername(reading.value) ? reading : bad('bad_value', { hint: SPELLING_HINT });
  },
};

export const nodeId = textOrPlaceholder({
  expected: `letters, digits, dot, hyphen and underscore, a letter or digit first, at most ${NODE_ID_MAX_LENGTH} characters`,
  example: 'server-01',
  pattern: NODE_ID,
});

export const hostname = textOrPlaceholder({
  expected: 'a host name of at most 253 characters',
  example: 'server-01.example.com',
  pattern: HOST_NAME,
});

export const clusterId = text({
  expected: '32 lower-case hex digits',
  example: '00112233445566778899aabbccddeeff',
  pattern: /^[0-9a-f]{32}$/,
});

export const pin = text({
  expected: 'base64 of the SHA-256 of a public key, 44 characters',
  example: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  pattern: /^[A-Za-z0-9+/]{43}=$/,
});

export const rosterPin = text({
  expected: 'the number of a step of the roster, a colon, and 64 lower-case hex digits',
  example: `0:${'0123456789abcdef'.repeat(4)}`,
  pattern: /^\d{1,9}:[0-9a-f]{64}$/,
});

export const quietHours = text({
  expected: 'a span such as "22:00-07:00"',
  example: '22:00-07:00',
  pattern: /^(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d$/,
});
