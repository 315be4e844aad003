/** What a package needs: what is missing stands open, each with its mend; what is there is folded away. */
import type { PackageCheck } from '../package-api.ts';
import { commandsIn } from '../package-readiness.ts';
import { Copyable } from './copyable.tsx';
import { Foreign } from './foreign.tsx';
import { Glyph } from './glyph.tsx';
import { Badge, lineLook } from './state-badge.tsx';

function CheckLine({ check }: { readonly check: PackageCheck }) {
  const { result, sentence, mend } = check;
  return (
    <li>
      <Badge {...lineLook(result)} />
      <div>
        <p>
          <Foreign text={sentence} />
        </p>
        {mend !== null && (
          <p className="at-muted">
            <Foreign text={mend} />
          </p>
        )}
        {mend !== null &&
          commandsIn(mend).map((command) => (
            <Copyable key={command} text={command} label="Command to copy" />
          ))}
      </div>
    </li>
  );
}

function Lines({ checks }: { readonly checks: readonly PackageCheck[] }) {
  return (
    <ul className="at-lines">
      {checks.map((check) => (
        <CheckLine key={`${check.code} ${check.sentence}`} check={check} />
      ))}
    </ul>
  );
}

interface PackageReadinessStripProps {
  readonly checks: readonly PackageCheck[];
  readonly obstacles: readonly PackageCheck[];
}

function verdict(obstacles: number): string {
  if (obstacles === 0) return 'Ready to build';
  return obstacles === 1 ? 'One thing to mend first' : `${obstacles} things to mend first`;
}

export function PackageReadinessStrip({ checks, obstacles }: PackageReadinessStripProps) {
  const passed = checks.filter(({ result }) => result === 'pass');
  const warnings = checks.filter(({ result }) => result === 'warn');
  // A failed check that a field of the order mends stands in the way no more.
  const mended = checks
    .filter((check) => check.result === 'fail' && !obstacles.includes(check))
    .map((check) => ({
      ...check,
      result: 'pass' as const,
      mend: 'Mended by the address that you give below.',
    }));
  return (
    <section className="at-panel at-readiness" aria-labelledby="readiness">
      <h2 id="readiness" aria-live="polite">
        {verdict(obstacles.length)}
      </h2>
      <Lines checks={[...obstacles, ...warnings, ...mended]} />
      {passed.length > 0 && (
        <details className="at-words">
          <summary>
            <Glyph name="fold" size={14} />
            {passed.length === 1 ? '1 check passes' : `${passed.length} checks pass`}
          </summary>
          <Lines checks={passed} />
        </details>
      )}
    </section>
  );
}
