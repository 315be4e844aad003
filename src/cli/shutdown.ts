/**
 * When a foreground command shall end: SIGTERM (launchd, systemd) asks for a drained end, Ctrl-C for a quick
 * one, and so does the end of the process that started us with a channel (`demo`), however it ended.
 */
export type Ending = 'drain' | 'quick';

/** Resolves at the first sign; later ones change nothing, so that a second Ctrl-C does not cut the clean-up. */
export function untilEnded(): Promise<Ending> {
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve('drain'));
    process.on('SIGINT', () => resolve('quick'));
    process.on('SIGHUP', () => resolve('quick'));
    if (process.channel) process.on('disconnect', () => resolve('quick'));
  });
}
