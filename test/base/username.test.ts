/** What people may be called. */
import { expect, it } from 'vitest';
import { isUsername } from '../../src/base/username.ts';

it.each(['admin', 'ann.lee@example.com', 'Zürich', '7', 'x'.repeat(128)])('%s is a user name', (name) => {
  expect(isUsername(name)).toBe(true);
});

it.each(['', '.ann', '-x', 'ann lee', 'ann/lee', '"ann"', 'x'.repeat(129), 'Zürich'.normalize('NFD')])(
  '%j is none',
  (name) => {
    expect(isUsername(name)).toBe(false);
  },
);
