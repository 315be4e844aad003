import { expect, it } from 'vitest';
import { holdingOf } from '../../console/package-words.ts';

it.each([
  ['cluster-node', 'embedded', 'Full credentials'],
  ['cluster-node', 'ticket', 'Join ticket'],
  ['standalone', 'none', 'No secret'],
  ['agent', 'embedded', 'Keys of an agent'],
] as const)('a package of the kind %s with %s credentials holds: %s', (kind, credentials, words) => {
  expect(holdingOf(kind, credentials)).toBe(words);
});
