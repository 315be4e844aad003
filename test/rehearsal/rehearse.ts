/** describe(), of what needs Macs on a network: skipped by name where none can be made. */
import { describe } from 'vitest';
import { macNetworkLack } from '../mac/mac-network.ts';
import { macStandLack } from '../mac/mac-stand.ts';

/** Each takes some seconds on a machine that does nothing else. */
const TEST_MS = 600_000;
/** For beforeAll(): the first run on a machine brings the Node for Macs, twice 53 MB. */
export const BEGIN_MS = 600_000;

const LACK = macStandLack() ?? macNetworkLack();

export function rehearse(what: string, tests: () => void): void {
  const title = LACK === null ? what : `${what} (skipped: ${LACK})`;
  describe.skipIf(LACK !== null)(title, { timeout: TEST_MS }, tests);
}
