/** What happened and what to do; where the server itself failed, also the id by which its log knows the request. */
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiError } from '../api.ts';
import { Shape } from './glyph.tsx';

interface ErrorBoxProps {
  readonly error: Error;
  /** What could not be done, where the form or page around it does not show that. */
  readonly title?: string;
  readonly onRetry?: () => void;
  /** A way on, after the words. */
  readonly children?: ReactNode;
}

const SERVER_FAULT = 500;

export function ErrorBox({ error, title, onRetry, children }: ErrorBoxProps) {
  const problem = error instanceof ApiError ? error : undefined;
  const detail = problem?.detail ?? error.message;
  return (
    <div className="at-error" role="alert">
      <p className="at-error-title">
        <Shape name="square" />
        <span>{title ?? detail}</span>
      </p>
      {title && <p>{detail}</p>}
      {problem?.hint && <p>{problem.hint}</p>}
      {problem && problem.fields.length > 0 && (
        <ul>
          {problem.fields.map((field) => (
            <li key={field.pointer}>
              <code>{field.pointer}</code> {field.message}
            </li>
          ))}
        </ul>
      )}
      {children}
      {onRetry && (
        <Button variant="default" size="xs" onClick={onRetry}>
          Try again
        </Button>
      )}
      {problem?.requestId && problem.status >= SERVER_FAULT && (
        <p className="at-small">
          Request <code>{problem.requestId}</code>
        </p>
      )}
    </div>
  );
}
