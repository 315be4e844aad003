/** describe(), of what needs Macs on a network: skipped by name where none can be made. */
import { macNetworkLack } from '../mac/mac-network.ts';
import { onMac } from '../mac/on-mac.ts';

/** Each takes some seconds on a machine that does nothing else. */
const TEST_MS = 120_000;
/** For beforeAll(): the first run on a machine brings the Node for Macs, twice 53 MB. */
export const BEGIN_MS = 300_000;

const NETWORK_LACK = macNetworkLack();

export function rehearse(what: string, tests: () => void): void {
  onMac(what, tests, { timeout: TEST_MS, lack: NETWORK_LACK });
}
