/** What a package needs: what is missing stands open, each with its mend; what is there is folded away. */
import { Button } from '@mantine/core';
import { Link } from 'wouter';
import type { PackageCheck, PackageReadiness } from '../package-api.ts';
import { commandsIn, type Fix, fixOf, obstacles } from '../package-readiness.ts';
import { Copyable } from './copyable.tsx';
import { Foreign } from './foreign.tsx';
import { Glyph } from './glyph.tsx';
import { fieldId } from './package-fields.tsx';
import { Badge, lineLook } from './state-badge.tsx';

function FixIt({ fix }: { readonly fix: Fix }) {
  if (fix.kind === 'page') return <Link href={fix.href}>{fix.label}</Link>;
  return (
    <Button variant="default" size="xs" onClick={() => document.getElementById(fieldId(fix.field))?.focus()}>
      Fix: {fix.label}
    </Button>
  );
}

function CheckLine({ check, fix }: { readonly check: PackageCheck; readonly fix: Fix | null }) {
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
        {fix && <FixIt fix={fix} />}
      </div>
    </li>
  );
}

interface PackageReadinessStripProps {
  readonly readiness: PackageReadiness;
  /** It is about what stands in the form. */
  readonly isCurrent: boolean;
}

function Lines({
  checks,
  readiness,
}: { readonly checks: readonly PackageCheck[] } & Pick<PackageReadinessStripProps, 'readiness'>) {
  return (
    <ul className="at-lines">
      {checks.map((check) => (
        <CheckLine key={`${check.code} ${check.sentence}`} check={check} fix={fixOf(check, readiness)} />
      ))}
    </ul>
  );
}

function verdict(obstacles: number, isCurrent: boolean): string {
  if (!isCurrent) return 'Checking …';
  if (obstacles === 0) return 'Ready to build';
  return obstacles === 1 ? 'One thing to mend first' : `${obstacles} things to mend first`;
}

export function PackageReadinessStrip({ readiness, isCurrent }: PackageReadinessStripProps) {
  const { checks } = readiness;
  const inTheWay = obstacles(readiness);
  const passed = checks.filter(({ result }) => result === 'pass');
  const warnings = checks.filter(({ result }) => result === 'warn');
  return (
    <section className="at-panel at-readiness" aria-labelledby="readiness">
      <h2 id="readiness" aria-live="polite">
        {verdict(inTheWay.length, isCurrent)}
      </h2>
      <Lines checks={[...inTheWay, ...warnings]} readiness={readiness} />
      {passed.length > 0 && (
        <details className="at-words">
          <summary>
            <Glyph name="fold" size={14} />
            {passed.length === 1 ? '1 check passes' : `${passed.length} checks pass`}
          </summary>
          <Lines checks={passed} readiness={readiness} />
        </details>
      )}
    </section>
  );
}
