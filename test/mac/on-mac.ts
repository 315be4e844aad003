/** describe(), of what needs a Mac to install on: skipped by name where none can be made. */
import { describe } from 'vitest';
import { macStandLack } from './mac-stand.ts';

interface Needs {
  /** Milliseconds for each test. */
  readonly timeout?: number;
  /** Why it cannot be done here, also where there is a Mac; null when it can. */
  readonly lack?: string | null;
}

const MAC_LACK = macStandLack();

export function onMac(what: string, tests: () => void, { lack = null, ...options }: Needs = {}): void {
  const lacking = MAC_LACK ?? lack;
  const title = lacking === null ? what : `${what} (skipped: ${lacking})`;
  describe.skipIf(lacking !== null)(title, options, tests);
}
