/** It runs now: said to whoever started it with a channel (the demo, a test). */
import { flushCompileCache } from 'node:module';

/** `who`: the node, or `agent`. What was compiled on the way is kept now: a process that is killed keeps nothing. */
export function sayReady(who: string): void {
  flushCompileCache();
  process.send?.({ ready: who });
}
