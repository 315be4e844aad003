/**
 * How long ago, counting on each second; the absolute time on hover. Ages come from the server, in its clock;
 * only the seconds since they were read are counted here, so that a wrong clock in the browser changes nothing.
 */
import { useSyncExternalStore } from 'react';
import { serverNow } from '../api.ts';
import { ago, fullTime, type Instant } from '../quantities.ts';

const listeners = new Set<() => void>();
let tick = Date.now();
let timer: number | undefined;

/** One timer for all ages on the page. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    tick = Date.now();
    timer = window.setInterval(() => {
      tick = Date.now();
      for (const told of listeners) told();
    }, 1_000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The browser's time, renewed each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => tick);
}

interface AgeProps {
  readonly seconds: number;
  /** When the age was read, in the browser's time. */
  readonly readAt: number;
  /** The moment itself, where the server tells it. */
  readonly at?: Instant | null | undefined;
}

export function Age({ seconds, readAt, at }: AgeProps) {
  const now = useNow();
  const text = ago(seconds + Math.max(0, now - readAt) / 1000);
  if (at === null || at === undefined) return <span className="at-nowrap">{text}</span>;
  return (
    <time className="at-nowrap" dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {text}
    </time>
  );
}

export function TimeAgo({ at }: { readonly at: Instant }) {
  useNow();
  const seconds = (serverNow() - new Date(at).getTime()) / 1000;
  return (
    <time className="at-nowrap" dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {ago(Math.max(0, seconds))}
    </time>
  );
}
