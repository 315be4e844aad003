/** A region that has just appeared and is what comes next: it takes the focus, so that everybody notices. */
import { type ReactNode, useEffect, useRef } from 'react';

interface ArrivalProps {
  readonly label: string;
  readonly children: ReactNode;
}

export function Arrival({ label, children }: ArrivalProps) {
  const region = useRef<HTMLElement>(null);
  useEffect(() => region.current?.focus(), []);
  return (
    <section ref={region} tabIndex={-1} className="at-arrival" aria-label={label}>
      {children}
    </section>
  );
}
