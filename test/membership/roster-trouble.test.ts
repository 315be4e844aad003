import { describe, expect, it } from 'vitest';
import { type RosterState, rosterFindings } from '../../src/membership/roster-trouble.ts';
import { CALM_ROSTER } from '../fakes/roster-state.ts';

const WAITING: RosterState = { ...CALM_ROSTER, standing: 'waiting', self: 'server-02' };

function said(change: Partial<RosterState>): string {
  const found = rosterFindings({ ...WAITING, ...change });
  expect(found.map(({ code }) => code)).toEqual(['self_not_admitted']);
  return found.map(({ sentence, mend }) => `${sentence} ${mend}`).join();
}

describe('a server that is no member', () => {
  it('is told to wait where somebody will admit it', () => {
    for (const admits of ['secret', null] as const) expect(said({ admits })).toContain('within some seconds');
  });

  it('is told to join where admission is by ticket, for waiting does not help', () => {
    const text = said({ admits: 'ticket' });
    expect(text).not.toContain('within some seconds');
    expect(text).toMatch(/cluster ticket create .* atlas-fleet server --join -/);
  });

  it('is told of the member that has its name, and of what lets it in then', () => {
    expect(said({ isNameTaken: true })).toMatch(/cluster remove server-02 .* start it again\. Otherwise/);
    expect(said({ isNameTaken: true, admits: 'ticket' })).toMatch(
      /cluster remove server-02 .* server --join -\. Otherwise/,
    );
  });
});
