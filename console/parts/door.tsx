/** The frame of the two pages that stand before the login. */
import type { ReactNode } from 'react';
import { Brand } from './glyph.tsx';
import { SchemeSwitch } from './scheme-switch.tsx';

export function Door({ children }: { readonly children: ReactNode }) {
  return (
    <div className="at-door">
      <header>
        <Brand />
      </header>
      <main className="at-panel">{children}</main>
      <footer>
        <SchemeSwitch />
      </footer>
    </div>
  );
}
