import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditAct } from '../../src/services/people/audit.ts';
import { REFUSED_ENTRIES, RefusedLogins } from '../../src/services/people/refused-logins.ts';
import { ManualClock } from '../fakes/clock.ts';

const { burst, perSecond } = REFUSED_ENTRIES;
const DAY_MS = 86_400_000;

let clock: ManualClock;
let noted: AuditAct[];
let refused: RefusedLogins;
beforeEach(() => {
  clock = new ManualClock();
  noted = [];
  refused = new RefusedLogins({ note: (act) => void noted.push(act) }, clock);
});

const guess = (username: string | null, turn = 0) =>
  refused.note({ username, address: `192.0.2.${turn % 250}` });

describe('failed logins', () => {
  it('are each an entry, at once, while they are few', () => {
    guess('ada', 1);
    guess(null, 2);
    expect(noted).toMatchObject([
      { action: 'login.refused', outcome: 'refused', subject: 'ada', address: '192.0.2.1' },
      { action: 'login.refused', outcome: 'refused', subject: '', address: '192.0.2.2' },
    ]);
  });

  it('that are many are gathered, and none is lost from the count', async () => {
    const sent = burst + 500;
    for (let turn = 0; turn < sent; turn += 1) guess('ada', turn);
    expect(noted).toHaveLength(burst);
    await clock.advance(1000 / perSecond);
    expect(noted).toHaveLength(burst + 1);
    expect(noted.at(-1)).toMatchObject({
      subject: 'ada',
      address: null,
      detail: { times: 500, addresses: 250 },
    });
    expect(clock.waiting).toBe(0);
  });

  it('of a whole day from everywhere fill no database', async () => {
    for (let minute = 0; minute < 1440; minute += 1) {
      for (let turn = 0; turn < 100; turn += 1) guess(null, minute * 100 + turn);
      await clock.advance(60_000);
    }
    refused.stop();
    expect(noted.length).toBeLessThanOrEqual(burst + (DAY_MS / 1000) * perSecond + 1);
    const counted = noted.reduce((sum, { detail }) => sum + Number(detail?.times ?? 1), 0);
    expect(counted).toBe(144_000);
  });

  it('of made-up names hide none at a name that exists', () => {
    for (let turn = 0; turn < burst * 3; turn += 1) guess(null, turn);
    guess('ada');
    expect(noted.at(-1)).toMatchObject({ subject: 'ada' });
  });

  it('that are still gathered when the server stops are written then', () => {
    for (let turn = 0; turn < burst + 2; turn += 1) guess(null, 7);
    refused.stop();
    expect(noted.at(-1)).toMatchObject({ address: '192.0.2.7', detail: { times: 2, addresses: 1 } });
    refused.stop();
    expect(noted).toHaveLength(burst + 1);
  });
});
