/** What needs a person, or the good news that nothing does. */
import { Link } from 'wouter';
import type { Machine } from '../api.ts';
import { attention } from '../attention.ts';
import { Foreign } from './foreign.tsx';
import { Shape } from './glyph.tsx';

export function AttentionList({ machines }: { readonly machines: readonly Machine[] }) {
  const lines = attention(machines);
  return (
    <section className="at-panel at-attention" aria-labelledby="attention">
      <h2 id="attention">Needs attention</h2>
      {lines.length === 0 ? (
        <p className="at-all-well">
          <Shape name="disc" />
          Nothing. Every Mac reports, and no disk is 90 % full.
        </p>
      ) : (
        <ul>
          {lines.map(({ key, tone, subject, sentence, href }) => (
            <li key={key} data-tone={tone}>
              <Shape name={tone === 'bad' ? 'square' : 'triangle'} />
              <span>
                <span className="at-hidden">{tone === 'bad' ? 'Serious: ' : 'Warning: '}</span>
                {subject !== null ? (
                  <>
                    <Link href={href}>
                      <Foreign text={subject} />
                    </Link>{' '}
                    {sentence}
                  </>
                ) : (
                  <Link href={href}>{sentence}</Link>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
