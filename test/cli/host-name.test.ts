/** What a machine is called, whatever somebody named it. */
import { describe, expect, it } from 'vitest';
import { hostNameFrom } from '../../src/cli/service/host-name.ts';
import { rowOf } from '../../src/config/schema.ts';

const NONE = { dns: '', local: '', system: '' };
const HOSTILE: readonly (readonly [string, string])[] = [
  ['"; rm -rf / #\nx: y', 'rm--rf-x-y'],
  ['$(reboot)', 'reboot'],
  ['Büro-Mac’s «7»', 'B-ro-Mac-s-7'],
  ['a'.repeat(300), 'a'.repeat(63)],
  [`${'a'.repeat(62)}--b`, 'a'.repeat(62)],
  ['../../etc', 'etc'],
];

function expectHostName(name: string): void {
  expect(rowOf('cluster.hostname').kind.read(name, '/')).toEqual({ ok: true, value: name });
}

describe('the host name of a new server', () => {
  it.each(['server-07.example.com', 'a.b', `${`${'a'.repeat(63)}.`.repeat(3)}example.com`])(
    'is the DNS name %s that the administrator gave it',
    (dns) => {
      expect(hostNameFrom({ dns, local: 'mac-07', system: 'dhcp-7.example.com' })).toBe(dns);
      expectHostName(dns);
    },
  );

  it.each([
    '',
    'mac',
    'mac.',
    '.mac',
    'a..b',
    '-a.b',
    'a-.b',
    'a_b.c',
    'a.b\nc: d',
    '$(reboot).example.com',
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(130)}b`,
  ])('is not %j, which is no DNS name, but the local one', (dns) => {
    expect(hostNameFrom({ dns, local: 'mac-07', system: 'dhcp-7.example.com' })).toBe('mac-07.local');
  });

  it.each(HOSTILE)('made of the local one, %j, is %j with .local', (local, label) => {
    const name = hostNameFrom({ ...NONE, local, system: 'other' });
    expect(name).toBe(`${label}.local`);
    expectHostName(name);
  });

  it.each([['Mac.Fritz.box', 'Mac.Fritz.box'] as const, ...HOSTILE])(
    'made of that of the system, %j, is %j',
    (system, name) => {
      expect(hostNameFrom({ ...NONE, system })).toBe(name);
      expectHostName(name);
    },
  );

  it.each(['', '\u{1f4bb}', '-'.repeat(300), '\u0000', '...'])('made of %j is the next one', (given) => {
    expect(hostNameFrom({ dns: given, local: given, system: 'other' })).toBe('other');
    expect(hostNameFrom({ dns: given, local: given, system: given })).toBe('server');
  });
});
