/** SIGSTOP of a server for a minute, then SIGCONT: it must neither be believed alive, nor believe the others dead. */
import type { Fault } from '../fault.ts';
import { ordeal } from '../ordeal.ts';
import { saysOffline } from './server-killed.ts';

export const serverPaused: Fault = ordeal({
  name: 'server paused',
  about: 'a server is stopped by SIGSTOP for a minute, and goes on by SIGCONT',
  stand: 'cluster',
  minutes: ({ minuteMs }) => minuteMs / 60_000 + 0.5,
  lasts: ({ minuteMs }) => minuteMs,
  strike: async (stand) => {
    const victim = stand.third;
    victim.process.signal('SIGSTOP');
    return {
      victim,
      becomes: 'offline',
      told: { since: 'seen', sign: saysOffline(victim, stand.others(victim)) },
      heal: async () => victim.process.signal('SIGCONT'),
    };
  },
});
