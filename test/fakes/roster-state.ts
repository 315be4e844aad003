/** The roster of a server of which there is nothing to complain. */
import type { RosterState } from '../../src/membership/roster-trouble.ts';

export const CALM_ROSTER: RosterState = {
  trouble: null,
  isUnsaved: false,
  isContested: false,
  lacksSecret: null,
  unwrittenSecret: null,
  admission: null,
  admits: 'secret',
  isNameTaken: false,
  standing: 'member',
  self: 'server-01',
};
