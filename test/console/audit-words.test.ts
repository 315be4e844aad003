import { expect, it } from 'vitest';
import { particulars } from '../../console/audit-words.ts';

it.each([
  [{}, []],
  [{ epoch: 2 }, ['step 2 of the roster']],
  [{ node_id: 'server-02', fingerprint: '9a23', again: false }, ['server server-02', 'key 9a23']],
  [{ again: true }, ['the same server, once more']],
  [{ code: 'ticket_used' }, ['reason: ticket used']],
  [{ times: 1, addresses: 3 }, ['1 time', 'from 3 addresses']],
  [{ mode: 'compromise', kept: 'a b' }, ['after a compromise', 'kept a, b']],
  [{ mode: 'routine' }, ['routine']],
  [
    { kind: 'cluster-node', credentials: 'ticket', signed: false },
    ['Cluster Node', 'Join ticket', 'not signed'],
  ],
  [{ kind: 'standalone', credentials: 'none' }, ['Standalone Server', 'no credentials']],
])('%o is told as %o', (detail, words) => expect(particulars(detail)).toEqual(words));

it('what a newer server writes down is shown as it is', () => {
  expect(particulars({ some_thing: 'new', toString: 1 })).toEqual(['some thing: new', 'toString: 1']);
});

it('an end is a time that people read', () => {
  expect(particulars({ expires: '2026-11-23T09:16:37.000Z' })).toEqual([
    expect.stringMatching(/^good until 2\d Nov 2026, \d\d:\d\d$/),
  ]);
});
