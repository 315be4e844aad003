import { describe, expect, it } from 'vitest';
import { choose, readChoice, writeChoice } from '../../console/machine-order.ts';
import { machine } from './page-data.ts';

const fleet = [
  machine({ machine_id: 'a', hostname: 'lab-10', cpu_percent: 5 }),
  machine({ machine_id: 'b', hostname: 'Lab-2', cpu_percent: 80, status: 'late' }),
  machine({ machine_id: 'c', hostname: 'lab-1', cpu_percent: 80, status: 'offline' }),
];
const ids = (query: string) =>
  choose(fleet, readChoice(new URLSearchParams(query))).map(({ machine_id }) => machine_id);

describe('the order of machines', () => {
  it('is by name, with numbers as numbers, when nothing is chosen', () => {
    expect(ids('')).toEqual(['c', 'b', 'a']);
  });

  it('turns with a minus, and equals keep the order of their names', () => {
    expect(ids('sort=-cpu')).toEqual(['c', 'b', 'a']);
    expect(ids('sort=cpu')).toEqual(['a', 'c', 'b']);
  });

  it('puts the worst status first', () => {
    expect(ids('sort=status')).toEqual(['c', 'b', 'a']);
  });

  it('filters by status and by every word of the search', () => {
    expect(ids('status=late')).toEqual(['b']);
    expect(ids('q=LAB-1+15.1')).toEqual(['c', 'a']);
    expect(ids('q=lab-1+windows')).toEqual([]);
  });

  it('takes an address that makes no sense for one that says nothing', () => {
    expect(ids('sort=evil&status=__proto__&page=-3')).toEqual(['c', 'b', 'a']);
    expect(readChoice(new URLSearchParams('page=1e99')).page).toBe(1);
  });

  it('survives the way to the address and back', () => {
    const query = 'q=studio&status=offline&sort=-seen&page=2';
    expect(writeChoice(readChoice(new URLSearchParams(query))).toString()).toBe(query);
    expect(writeChoice(readChoice(new URLSearchParams())).toString()).toBe('');
  });
});
