/** The few glyphs of the console, drawn here. All are decoration: a word always stands beside them. */
import type { ReactNode } from 'react';

const STROKE = {
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.6,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;

const OUTLINES = {
  machines: 'M4.5 4.5h11v8h-11zM2.5 15.5h15M8 12.5h4',
  cluster:
    'M10 3.5v0M10 6.5 5.6 13M10 6.5l4.4 6.5M6.5 14.5h7M10 6.5a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5M4.75 16.25a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5M15.25 16.25a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5',
  key: 'M12.75 10.5a3.25 3.25 0 1 0-3.1-2.3L3.5 14.4v2.1h2.6v-1.9h1.9v-1.9h1.5l1-1.1M13 7.2v0',
  package: 'M10 3l6.5 3.4v7.2L10 17l-6.5-3.4V6.4zM3.5 6.4L10 9.8l6.5-3.4M10 9.8V17',
  book: 'M5.5 3.5h9v13h-9zM8 7h4M8 10h4M8 13h4',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11M13.2 13.2l3.3 3.3',
  copy: 'M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3',
  check: 'M4.5 10.5l3.6 3.6 7.4-8',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  close: 'M5 5l10 10M15 5L5 15',
  user: 'M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M4 16.5c.6-3 2.9-4.6 6-4.6s5.4 1.6 6 4.6',
  sun: 'M10 13.25a3.25 3.25 0 1 0 0-6.5 3.25 3.25 0 0 0 0 6.5M10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M15.7 4.3l-1.3 1.3M5.6 14.4l-1.3 1.3',
  moon: 'M16.5 11.6A6.8 6.8 0 0 1 8.4 3.5a6.8 6.8 0 1 0 8.1 8.1z',
  system: 'M3.5 4.5h13v9h-13zM7.5 16.5h5',
  back: 'M12 4.5L6.5 10l5.5 5.5',
  up: 'M10 15.5v-11M5.5 9L10 4.5 14.5 9',
  down: 'M10 4.5v11M5.5 11l4.5 4.5 4.5-4.5',
  refresh: 'M16 10a6 6 0 1 1-1.9-4.4M16.2 3.2v3.2H13',
  fold: 'M7.5 4.5L13 10l-5.5 5.5',
} as const;

export type GlyphName = keyof typeof OUTLINES;

export function Glyph({ name, size = 16 }: { readonly name: GlyphName; readonly size?: number }) {
  return (
    <svg className="at-glyph" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" {...STROKE}>
      <path d={OUTLINES[name]} />
    </svg>
  );
}

/** State by shape, readable without colour: each is a different silhouette. */
const SHAPES = {
  disc: <circle cx="8" cy="8" r="5.5" />,
  triangle: <path d="M8 1.8 15 14H1z" />,
  square: <rect x="2.5" y="2.5" width="11" height="11" rx="1" />,
  half: (
    <>
      <circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.8" />
      <path d="M8 2.8a5.2 5.2 0 0 0 0 10.4z" />
    </>
  ),
  ring: <circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  dashes: (
    <circle
      cx="8"
      cy="8"
      r="5.2"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeDasharray="2.9 2.55"
    />
  ),
  cross: <path d="M3 3l10 10M13 3L3 13" stroke="currentColor" strokeWidth="2.8" strokeLinecap="round" />,
  slash: (
    <g fill="none" stroke="currentColor" strokeWidth="1.8">
      <circle cx="8" cy="8" r="5.6" />
      <path d="M4.2 11.8l7.6-7.6" />
    </g>
  ),
} as const satisfies Record<string, ReactNode>;

export type ShapeName = keyof typeof SHAPES;

export function Shape({ name, size = 10 }: { readonly name: ShapeName; readonly size?: number }) {
  return (
    <svg
      className="at-glyph"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="currentColor"
      aria-hidden="true"
    >
      {SHAPES[name]}
    </svg>
  );
}

export function Brand() {
  return (
    <span className="at-brand">
      <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">
        <rect width="24" height="24" rx="6" fill="#2f59d9" />
        <path d="M12 6.2 17 16.4M12 6.2 7 16.4M7.6 16.4h8.8" stroke="#fff" strokeWidth="1.5" fill="none" />
        <g fill="#fff">
          <circle cx="12" cy="6.6" r="2.4" />
          <circle cx="7" cy="16.4" r="2.4" />
          <circle cx="17" cy="16.4" r="2.4" />
        </g>
      </svg>
      Atlas Fleet
    </span>
  );
}
