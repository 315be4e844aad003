/** Lets everything that waits (requests, heartbeats, timers) run once. Keeps the process alive meanwhile. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
