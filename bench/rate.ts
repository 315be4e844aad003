/** How often a synchronous call can be made on one thread. */

/** Calls between two looks at the clock. */
const STRIDE = 64;

/** Calls a second, over so many milliseconds. */
export function ratePerSecond(call: () => unknown, forMs: number): number {
  const begun = performance.now();
  let calls = 0;
  let passedMs = 0;
  while (passedMs < forMs) {
    for (let i = 0; i < STRIDE; i += 1) call();
    calls += STRIDE;
    passedMs = performance.now() - begun;
  }
  return (calls / passedMs) * 1000;
}
