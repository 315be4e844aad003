import { beforeEach, describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import {
  AUDIT_DETAILS_MAX,
  AUDIT_TEXT_MAX_LENGTH,
  Audit,
  type AuditAct,
  SYSTEM_ACTOR,
} from '../../src/services/people/audit.ts';
import { AUDIT_KEPT_DAYS, AUDIT_KEPT_ENTRIES } from '../../src/store/audit-log.ts';
import { FakeAuditLog } from '../fakes/audit-log.ts';
import { ManualClock, START_MS } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';

const ACT: AuditAct = {
  actor: { kind: 'user', name: 'ada' },
  action: 'user.added',
  subject: 'grace',
  address: '192.0.2.7',
};
const away = new AtlasError('store_unavailable', 'PostgreSQL does not answer');

let clock: ManualClock;
let log: FakeLog;
let store: FakeAuditLog;
let audit: Audit;
beforeEach(() => {
  clock = new ManualClock();
  log = new FakeLog();
  store = new FakeAuditLog();
  audit = new Audit({ audit: store, nodeId: 'server-01', clock, log });
});

describe('a recorded act', () => {
  it('says when, who, what, on which server and from where', async () => {
    await audit.record(ACT);
    expect(store.entries).toEqual([
      {
        ...ACT,
        entryId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        atMs: START_MS,
        detail: {},
        outcome: 'done',
        nodeId: 'server-01',
      },
    ]);
  });

  it('is bounded, whatever it is about', async () => {
    const many = Array.from({ length: 100 }, (_, i) => [`${i}`, 'x'.repeat(10_000)]);
    await audit.record({ ...ACT, subject: 'y'.repeat(10_000), detail: Object.fromEntries(many) });
    const [entry] = store.entries;
    expect(entry?.subject).toHaveLength(AUDIT_TEXT_MAX_LENGTH);
    expect(Object.keys(entry?.detail ?? {})).toHaveLength(AUDIT_DETAILS_MAX);
    expect(JSON.stringify(entry).length).toBeLessThan((AUDIT_DETAILS_MAX + 4) * (AUDIT_TEXT_MAX_LENGTH + 10));
  });

  it('rejects when it cannot be written', async () => {
    store.failure = away;
    await expect(audit.record(ACT)).rejects.toBe(away);
  });
});

describe('an act that is performed', () => {
  it('stands in the log before it is begun', async () => {
    const seen = await audit.perform(ACT, async () => store.entries.length);
    expect(seen).toBe(1);
    expect(store.entries).toHaveLength(1);
  });

  it('is not begun when it cannot be written down', async () => {
    store.failure = away;
    let begun = false;
    const performed = audit.perform(ACT, async () => {
      begun = true;
    });
    await expect(performed).rejects.toBe(away);
    expect(begun).toBe(false);
  });

  it.each([
    ['refused', 'user_exists', new AtlasError('user_exists', 'there is a user of that name already')],
    ['failed', 'store_unavailable', away],
    ['failed', 'internal', new TypeError('not foreseen')],
  ])('and then %s has a second entry that says so: %s', async (outcome, code, error) => {
    const performed = audit.perform({ ...ACT, detail: { by: 'hand' } }, () => Promise.reject(error));
    await expect(performed).rejects.toBe(error);
    expect(store.entries.map((entry) => [entry.action, entry.outcome, entry.detail])).toEqual([
      ['user.added', 'done', { by: 'hand' }],
      ['user.added', outcome, { by: 'hand', code }],
    ]);
  });
});

describe('an act that is insisted on', () => {
  const insist = (work: () => Promise<string>) => audit.insist({ ...ACT, action: 'roster.evicted' }, work);

  it('stands in the log before it is begun, where that can be', async () => {
    expect(await insist(async () => `${store.entries.length}`)).toBe('1');
    expect(store.entries).toHaveLength(1);
  });

  it.each(['store_unavailable', 'store_locked'] as const)(
    'is done although the database says %s, and noted as soon as it can be',
    async (code) => {
      store.failure = new AtlasError(code, 'PostgreSQL does not answer');
      const done = await insist(async () => {
        store.failure = undefined;
        return 'done';
      });
      await audit.stop();
      expect([done, store.entries.map(({ action }) => action)]).toEqual(['done', ['roster.evicted']]);
      expect(log.lines).toEqual([expect.objectContaining({ level: 'error', event: 'audit.went_on' })]);
    },
  );

  it('is not begun for any other fault of the log', async () => {
    store.failure = new AtlasError('internal', 'not foreseen');
    await expect(insist(async () => 'done')).rejects.toBe(store.failure);
  });
});

describe('a note', () => {
  it('is written by the time that the server has stopped', async () => {
    audit.note({ actor: SYSTEM_ACTOR, action: 'roster.founded' });
    await audit.stop();
    expect(store.entries).toMatchObject([
      { actor: { kind: 'system', name: '' }, subject: '', address: null },
    ]);
  });

  it('that cannot be written is in the log, once a minute, and stops nobody', async () => {
    store.failure = away;
    for (let i = 0; i < 3; i += 1) audit.note({ ...ACT, action: 'login.succeeded' });
    await audit.stop();
    expect(log.lines).toEqual([expect.objectContaining({ level: 'error', event: 'audit.not_written' })]);
  });
});

it('old entries go by themselves, and those that must be kept stay', async () => {
  audit.start();
  await audit.record(ACT);
  for (let i = 0; i < AUDIT_KEPT_ENTRIES; i += 1) await audit.record(ACT);
  clock.setWall(START_MS + (AUDIT_KEPT_DAYS + 1) * 86_400_000);
  await clock.advance(3_600_000);
  expect(store.entries).toHaveLength(AUDIT_KEPT_ENTRIES);
  await audit.stop();
  expect(clock.waiting).toBe(0);
});

describe('the pages of the log', () => {
  it('lead from the newest entry to the oldest', async () => {
    for (const subject of ['a', 'b', 'c']) await audit.record({ ...ACT, subject });
    const first = await audit.page({ limit: 2 });
    const second = await audit.page({ limit: 2, cursor: first.next_cursor ?? '' });
    expect([...first.items, ...second.items].map(({ subject }) => subject)).toEqual(['c', 'b', 'a']);
    expect(first.items[0]).toMatchObject({
      at: new Date(START_MS).toISOString(),
      sentence: 'Administrator added',
    });
    expect(second.next_cursor).toBeNull();
  });

  it('show an act of a newer version by its code', async () => {
    await audit.record({ ...ACT, action: 'toString.called' as AuditAct['action'] });
    expect((await audit.page({ limit: 1 })).items).toMatchObject([{ sentence: 'toString.called' }]);
  });

  it.each(['', 'x', Buffer.from('0').toString('base64url'), Buffer.from('1e3').toString('base64url')])(
    'are not opened by a cursor that none of them gave: %j',
    async (cursor) => {
      await expect(audit.page({ limit: 1, cursor })).rejects.toMatchObject({ code: 'bad_cursor' });
    },
  );
});
