/** What happened, what to do, and the id by which the server's log knows it. */
import { Button } from '@mantine/core';
import { ApiError } from '../api.ts';
import { Shape } from './glyph.tsx';

interface ErrorBoxProps {
  readonly error: Error;
  /** What could not be done, as a heading; without it the problem's own title stands there. */
  readonly title?: string;
  readonly onRetry?: () => void;
}

export function ErrorBox({ error, title, onRetry }: ErrorBoxProps) {
  const problem = error instanceof ApiError ? error : undefined;
  return (
    <div className="at-error" role="alert">
      <p className="at-error-title">
        <Shape name="square" />
        {title ?? problem?.title ?? 'Something went wrong in this page'}
      </p>
      <p>
        {problem?.detail ?? error.message} {problem?.hint}
      </p>
      {problem && problem.fields.length > 0 && (
        <ul>
          {problem.fields.map((field) => (
            <li key={field.pointer}>
              <code>{field.pointer}</code> {field.message}
            </li>
          ))}
        </ul>
      )}
      {problem?.requestId && (
        <p className="at-small">
          Request <code>{problem.requestId}</code>
        </p>
      )}
      {onRetry && (
        <Button variant="default" size="xs" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
