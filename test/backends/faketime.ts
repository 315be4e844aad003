/** libfaketime, which gives one process a wall clock of its own by LD_PRELOAD; its monotonic clock stays. */
import { existsSync } from 'node:fs';

/** Debian's and Homebrew's places. */
const PATHS = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/opt/homebrew/lib/faketime/libfaketimeMT.1.dylib',
];

export function findFaketime(): string | undefined {
  return PATHS.find((path) => existsSync(path));
}

/** The environment of a process whose wall clock is so many seconds ahead, or behind. */
export function fakeClock(seconds: number): Record<string, string> {
  return {
    LD_PRELOAD: findFaketime() ?? '',
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
