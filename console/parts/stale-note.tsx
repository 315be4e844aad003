/** Says that what stands here is old and why, while it still stands: never an empty page on an error. */
import { ApiError } from '../api.ts';
import { span } from '../quantities.ts';
import { Shape } from './glyph.tsx';
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
        {what} is {span(Math.max(0, now - readAt) / 1000)} old: {problem?.detail ?? error.message}
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
