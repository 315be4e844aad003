/** The frame around every page of a signed-in person: navigation, the truth bar, the page. */
import { useDisclosure } from '@mantine/hooks';
import { type ReactNode, useEffect } from 'react';
import { Link, useLocation } from 'wouter';
import type { SessionInfo } from '../api.ts';
import { useLiveUpdates } from '../queries.ts';
import { Brand, Glyph, type GlyphName } from './glyph.tsx';
import { SchemeSwitch } from './scheme-switch.tsx';
import { TruthBar } from './truth-bar.tsx';
import { UserMenu } from './user-menu.tsx';

interface Place {
  readonly href: string;
  readonly label: string;
  readonly glyph: GlyphName;
  readonly here: (location: string) => boolean;
}

const FLEET: Place = {
  href: '/',
  label: 'Dashboard',
  glyph: 'machines',
  here: (location) => location === '/' || location.startsWith('/machines/'),
};
const SETTINGS: readonly Place[] = [
  {
    href: '/settings/cluster',
    label: 'Cluster Health Monitor',
    glyph: 'cluster',
    here: (location) => location === '/settings/cluster',
  },
  {
    href: '/settings/packages',
    label: 'Server Package Builder',
    glyph: 'package',
    here: (location) => location === '/settings/packages',
  },
  {
    href: '/settings/tokens',
    label: 'API Tokens',
    glyph: 'key',
    here: (location) => location === '/settings/tokens',
  },
  {
    href: '/settings/audit',
    label: 'Audit Log',
    glyph: 'book',
    here: (location) => location === '/settings/audit',
  },
];

function NavigationLink({ place, location }: { readonly place: Place; readonly location: string }) {
  return (
    <li>
      <Link
        href={place.href}
        className="at-nav-link"
        aria-current={place.here(location) ? 'page' : undefined}
      >
        <Glyph name={place.glyph} size={18} />
        {place.label}
      </Link>
    </li>
  );
}

export function Shell({
  session,
  children,
}: {
  readonly session: SessionInfo;
  readonly children: ReactNode;
}) {
  const [location] = useLocation();
  const [unfolded, menu] = useDisclosure(false);
  useLiveUpdates();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu of a narrow screen closes when the page changes
  useEffect(menu.close, [location]);
  return (
    <div className="at-shell">
      <a className="at-skip" href="#content">
        Skip to the content
      </a>
      <header className="at-side" data-unfolded={unfolded}>
        <div className="at-side-head">
          <Brand />
          <button
            type="button"
            className="at-menu-button"
            aria-expanded={unfolded}
            aria-controls="at-menu"
            onClick={menu.toggle}
          >
            <Glyph name={unfolded ? 'close' : 'menu'} size={20} />
            <span className="at-hidden">Menu</span>
          </button>
        </div>
        <div className="at-side-body" id="at-menu">
          <nav aria-label="Main">
            <ul>
              <NavigationLink place={FLEET} location={location} />
            </ul>
            <h2 className="at-nav-title">Settings</h2>
            <ul>
              {SETTINGS.map((place) => (
                <NavigationLink key={place.href} place={place} location={location} />
              ))}
            </ul>
          </nav>
          <div className="at-side-foot">
            <UserMenu session={session} />
            <SchemeSwitch />
          </div>
        </div>
      </header>
      <div className="at-column">
        <TruthBar />
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  );
}
