import { expect, it } from 'vitest';
import { counted } from '../../src/base/counted.ts';

it.each([
  [0, 'member', undefined, '0 members'],
  [1, 'member', undefined, '1 member'],
  [2, 'member', undefined, '2 members'],
  [1, 'check passes', 'checks pass', '1 check passes'],
  [2, 'address', 'addresses', '2 addresses'],
])('counts %s %s', (count, one, many, text) => expect(counted(count, one, many)).toBe(text));
