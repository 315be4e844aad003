/** What is wrong with a package that is read: it cannot be judged at all, or it is not what it says of itself. */
import { AtlasError } from '../base/errors.ts';

/** Characters: what a package says of itself is quoted, and it may say much. */
const SENTENCE_MAX_LENGTH = 8000;

/** It is none, or of a form that is not known here. */
export function unreadable(sentence: string): AtlasError {
  return new AtlasError('package_unreadable', cut(sentence), {
    hint: 'Name a flat package (.pkg) of macOS, as this program, productbuild or pkgbuild make it.',
  });
}

/** Something in it does not agree. */
export function damaged(sentence: string, cause?: unknown): AtlasError {
  return new AtlasError('package_damaged', cut(sentence), {
    hint: 'Do not install it. Fetch it again from where it was built, or build it again.',
    cause,
  });
}

function cut(sentence: string): string {
  return sentence.length > SENTENCE_MAX_LENGTH ? `${sentence.slice(0, SENTENCE_MAX_LENGTH)}…` : sentence;
}
