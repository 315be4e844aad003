/**
 * One server loses its way to Redis, in two ways: connections are reset and refused; or they stay open and nothing
 * arrives. It must say that it is blind, and declare nobody dead; the others cannot tell it from a dead one.
 */
import type { Fault } from '../fault.ts';
import { ordeal } from '../ordeal.ts';
import { saysUnavailable } from './redis-away.ts';

const cut = (name: string, about: string, how: 'cut' | 'silent'): Fault =>
  ordeal({
    name,
    about,
    stand: 'cluster',
    minutes: ({ minuteMs }) => minuteMs / 60_000 + 0.5,
    lasts: ({ minuteMs }) => minuteMs,
    strike: async (stand) => {
      const victim = stand.third;
      stand.backends.relay?.set(how);
      return {
        victim,
        becomes: 'offline',
        told: { since: 'strike', sign: saysUnavailable([victim]) },
        heal: async () => stand.backends.relay?.set('whole'),
      };
    },
  });

export const registryCut = cut(
  'one server cut off from Redis',
  'its connections to Redis are reset, and new ones refused, for a minute',
  'cut',
);

export const registrySilent = cut(
  'one server half-open to Redis',
  'its connections to Redis stay open for a minute, and nothing arrives',
  'silent',
);
