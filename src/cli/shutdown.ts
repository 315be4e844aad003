/**
 * When a foreground command shall end: SIGTERM (launchd, systemd) asks for a drained end, Ctrl-C for a quick
 * one, and so does the end of the process that started us with a channel (`demo`), however it ended.
 */
export type Ending = 'drain' | 'quick';

export interface Run {
  /** Resolves at the first sign; later ones change nothing, so that a second Ctrl-C does not cut the clean-up. */
  readonly ended: Promise<Ending>;
  /** From now on SIGHUP, which is the end of a terminal, calls this instead. */
  onHangup(act: () => void): void;
}

export function beginRun(): Run {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  let hangup = () => resolve('quick');
  process.on('SIGTERM', () => resolve('drain'));
  process.on('SIGINT', () => resolve('quick'));
  process.on('SIGHUP', () => hangup());
  if (process.channel) process.on('disconnect', () => resolve('quick'));
  return {
    ended: promise,
    onHangup: (act) => {
      hangup = act;
    },
  };
}
