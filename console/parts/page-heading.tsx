/** The page's name: its one h1, the window's title, and where the focus goes when the page changes. */
import { type ReactNode, useEffect, useRef } from 'react';

interface PageHeadingProps {
  readonly title: string;
  /** Where the heading should look otherwise than the title. */
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** The first page takes no focus: the browser's own order is right there. */
let pagesShown = 0;

export function PageHeading({ title, children, actions }: PageHeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – Atlas Fleet`;
  }, [title]);
  useEffect(() => {
    if (pagesShown > 0) heading.current?.focus();
    pagesShown += 1;
  }, []);
  return (
    <div className="at-page-heading">
      <h1 ref={heading} tabIndex={-1}>
        {children ?? title}
      </h1>
      {actions && <div className="at-actions">{actions}</div>}
    </div>
  );
}
