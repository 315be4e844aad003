/** Says that what stands here is old and why, while it still stands: never an empty page on an error. */
import { ApiError } from '../api.ts';
import { span } from '../quantities.ts';
import { asSentence } from '../sentence.ts';
import { Shape } from './glyph.tsx';
import { Prose } from './prose.tsx';
import { useNow } from './time-ago.tsx';

interface StaleNoteProps {
  readonly error: Error;
  readonly readAt: number;
  readonly what: string;
}

export function StaleNote({ error, readAt, what }: StaleNoteProps) {
  const now = useNow();
  const problem = error instanceof ApiError ? error : undefined;
  return (
    <p className="at-stale-note">
      <Shape name="triangle" />
      <span>
        {what} is {span(Math.max(0, now - readAt) / 1000)} old:{' '}
        <Prose text={asSentence(problem?.detail ?? error.message)} />
        {problem?.hint && (
          <>
            {' '}
            <Prose text={asSentence(problem.hint)} />
          </>
        )}
        {problem?.requestId && (
          <>
            {' '}
            Request <code>{problem.requestId}</code>.
          </>
        )}
      </span>
    </p>
  );
}
