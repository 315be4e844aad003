/** What a machine is called, whatever somebody named it. */
import { describe, expect, it } from 'vitest';
import { hostNameOf } from '../../src/cli/service/host-name.ts';
import { rowOf } from '../../src/config/schema.ts';

describe('the host name of a new server', () => {
  it.each([
    ['mac-07', 'mac-07'],
    ['Mac.Fritz.box', 'Mac.Fritz.box'],
    ['"; rm -rf / #\nx: y', 'rm--rf-x-y'],
    ['$(reboot)', 'reboot'],
    ['Büro-Mac’s «7»', 'B-ro-Mac-s-7'],
    ['a'.repeat(300), 'a'.repeat(63)],
    [`${'a'.repeat(62)}--b`, 'a'.repeat(62)],
    ['../../etc', 'etc'],
  ])('of %j is %j', (given, name) => {
    expect(hostNameOf([given, 'other'])).toBe(name);
    expect(rowOf('cluster.hostname').kind.read(name, '/')).toEqual({ ok: true, value: name });
  });

  it.each(['', '\u{1f4bb}', '-'.repeat(300), '\u0000', '...'])('of %j is the next one', (given) => {
    expect(hostNameOf([given, 'other'])).toBe('other');
    expect(hostNameOf([given])).toBe('server');
  });
});
