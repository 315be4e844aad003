/** Two pasts of the roster, of which a person says which is right: each is named by the first digits of its first step. */
import { AtlasError } from '../../base/errors.ts';
import type { Chain } from '../../membership/roster-chain.ts';

/** Of a digest, by which a person names a past: fewer are no name, and may be a slip. */
const CHOICE_MIN_DIGITS = 8;

/** The one of these chains whose step `at`, where they part, has that digest. Throws roster_choice. */
export function choosePast(pasts: readonly Chain[], at: number, digest: string): Chain {
  const chosen = pasts.filter(
    ({ steps }) => digest.length >= CHOICE_MIN_DIGITS && steps[at]?.digest.startsWith(digest),
  );
  const [past] = chosen;
  if (past !== undefined && chosen.length === 1) return past;
  throw new AtlasError('roster_choice', `there is no past ${JSON.stringify(digest)} to choose`, {
    hint: 'see both with atlas-fleet cluster roster',
  });
}
