/** The five secrets that must never be accepted: what each is, its text, the code, and what is said of it. */
const PUBLISHED = 'it is the sample from a published document; everybody has it';

export const SAMPLE_SECRETS = [
  ['short', 'c2hvcnQ=', 'secret_too_short', 'it decodes to 5 bytes; at least 32 are needed'],
  ['not base64', 'not-base64-at-all!', 'secret_not_base64', 'it is not base64 (RFC 4648, with padding)'],
  [
    'published in the first document',
    'YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmVfMzJfYnl0ZXM=',
    'secret_published',
    PUBLISHED,
  ],
  ['published in the second document', 'YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmU=', 'secret_published', PUBLISHED],
  [
    'all zero',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    'secret_repeated_byte',
    'it is one byte repeated',
  ],
] as const;
