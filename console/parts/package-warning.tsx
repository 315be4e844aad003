/** What its loss means: always there, before a package is built and beside it when it is. */
import { Link } from 'wouter';
import type { CredentialMode, PackageKind } from '../package-api.ts';
import { damageOf } from '../package-words.ts';
import { Shape } from './glyph.tsx';

interface PackageWarningProps {
  readonly kind: PackageKind;
  readonly credentials: CredentialMode;
}

export function PackageWarning({ kind, credentials }: PackageWarningProps) {
  const { sentences, isSecret } = damageOf(kind, credentials);
  return (
    <section className="at-caution" aria-labelledby="damage">
      <Shape name="triangle" size={16} />
      <div>
        <h2 id="damage">If this file is lost</h2>
        {sentences.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        {isSecret && (
          <p>
            <Link href="/settings/cluster#leaks">Change everything that it contained</Link>
          </p>
        )}
      </div>
    </section>
  );
}
