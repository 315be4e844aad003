/** docs/limits.md names the numbers that the code has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BODY_MAX_BYTES } from '../../src/http/bodies.ts';
import {
  CALLER_RATES,
  JOIN_COST,
  LOGIN_COST,
  READING_COST,
  SHORT_REPORT_BYTES,
} from '../../src/http/caller-rates.ts';
import { CONNECTION_LIMITS } from '../../src/http/connections.ts';
import { HEAD_MAX_BYTES } from '../../src/http/head.ts';
import { LOOKUPS } from '../../src/http/lookups.ts';
import { PIECE_BYTES } from '../../src/http/pieces.ts';
import { MACHINES_MAX, OPEN_TICKETS_MAX, REPORT_MAX_BYTES } from '../../src/protocol/limits.ts';
import { MACHINES_PER_PAGE_MAX, SERIES_POINTS_MAX } from '../../src/services/fleet/fleet-view.ts';
import { INTAKE_MAX_PENDING, MACHINE_REPORTS } from '../../src/services/fleet/report-intake.ts';
import { RATE_CALLERS_MAX } from '../../src/services/limits/rate-limit.ts';
import { paceText, type RateRule } from '../../src/services/limits/rate-rule.ts';
import { LOOK_AGAIN_SECONDS } from '../../src/services/limits/refused-lately.ts';
import { READINGS_MAX } from '../../src/services/limits/turns.ts';
import {
  ATTEMPTS_FREE,
  ATTEMPTS_WAITING_MAX,
  WELCOME_DAYS,
} from '../../src/services/people/attempt-limit.ts';
import { ATTEMPT_WAIT_SECONDS, ATTEMPT_WINDOW_SECONDS } from '../../src/services/people/attempt-rule.ts';
import { TICKET_TRIES } from '../../src/services/trust/joining.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8').replace(/\s+/g, ' ');
const number = (value: number) => value.toLocaleString('en-US');
const rate = (what: string, rule: RateRule) => `${number(rule.burst)} ${what}at once, then ${paceText(rule)}`;

it.each([
  rate('requests ', CALLER_RATES.person),
  rate('requests ', CALLER_RATES.open),
  rate('', CALLER_RATES.wrong),
  rate('KiB ', CALLER_RATES.longReports),
  `reports longer than ${SHORT_REPORT_BYTES / 1024} KiB`,
  `longer than ${PIECE_BYTES / 1024} KiB leaves in pieces`,
  `the health check counts as ${READING_COST}`,
  `a setup code counts as ${LOGIN_COST}`,
  `a request to join ${JOIN_COST}`,
  `${TICKET_TRIES.burst} at once by the same keys, and as many by all others, then ${paceText(TICKET_TRIES)}`,
  `| join tickets that are open | ${OPEN_TICKETS_MAX};`,
  `${number(MACHINE_REPORTS.burst)} reports at once (a day of them at 10 s), then ${paceText(MACHINE_REPORTS)}`,
  `${number(RATE_CALLERS_MAX)} callers of each kind`,
  `${ATTEMPTS_FREE} failures within ${ATTEMPT_WINDOW_SECONDS / 60} minutes, then a wait of ${ATTEMPT_WAIT_SECONDS} s`,
  `within ${WELCOME_DAYS} days`,
  `| attempts that wait to be checked, of one server; four are checked at a time | ${ATTEMPTS_WAITING_MAX} |`,
  `within ${LOOK_AGAIN_SECONDS} s on the others`,
  `to be looked up | ${LOOKUPS.strangers.waiting}, and ${LOOKUPS.network.waiting} of one address; besides ${LOOKUPS.known.waiting} of those`,
  `wrong ones left | ${LOOKUPS.suspect.waiting} |`,
  `(${number(REPORT_MAX_BYTES)} bytes)`,
  `(${number(BODY_MAX_BYTES)} bytes)`,
  `(${number(HEAD_MAX_BYTES)} bytes)`,
  `${MACHINES_PER_PAGE_MAX} machines`,
  `| points of a chart | ${number(SERIES_POINTS_MAX)} |`,
  `| machines of a fleet | ${number(MACHINES_MAX)};`,
  `| connections | ${number(CONNECTION_LIMITS.connections)};`,
  `nobody is known yet | ${number(CONNECTION_LIMITS.strangers)};`,
  `without an answer | ${CONNECTION_LIMITS.unanswered} |`,
  `wait for the disk | ${number(INTAKE_MAX_PENDING)} |`,
  `wait to be read | ${READINGS_MAX} |`,
  `TLS handshake | ${CONNECTION_LIMITS.handshakeMs / 1000} s`,
  `the head of a request | ${CONNECTION_LIMITS.headMs / 1000} s, and up to ${CONNECTION_LIMITS.checkMs / 1000} s`,
  `with its body | ${CONNECTION_LIMITS.requestMs / 1000} s`,
  `between requests | ${CONNECTION_LIMITS.silenceMs / 1000} s`,
  `slowly it is read | ${CONNECTION_LIMITS.readMs / 1000} s, and one more for each 16 KiB (${number(CONNECTION_LIMITS.readBytesPerSecond)} bytes) of it; ${CONNECTION_LIMITS.answerMs / 60_000} minutes`,
])('it says: %s', (said) => {
  expect(page).toContain(said);
});
