/** What happened and what to do, with the id by which the server's log knows the request where that may help. */
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiError } from '../api.ts';
import { fieldWords } from '../error-fields.ts';
import { asSentence } from '../sentence.ts';
import { Shape } from './glyph.tsx';
import { Prose } from './prose.tsx';

interface ErrorBoxProps {
  readonly error: Error;
  /** What could not be done, where the form or page around it does not show that. */
  readonly title?: string;
  readonly onRetry?: () => void;
  /** The id also where the server only refused: it will be asked about. */
  readonly isTraced?: boolean;
  /** A way on, after the words. */
  readonly children?: ReactNode;
}

const SERVER_FAULT = 500;

export function ErrorBox({ error, title, onRetry, isTraced = false, children }: ErrorBoxProps) {
  const problem = error instanceof ApiError ? error : undefined;
  const words = problem ? fieldWords(problem) : [];
  const detail = <Prose text={asSentence(problem?.detail ?? error.message)} />;
  return (
    <div className="at-error" role="alert">
      <p className="at-error-title">
        <Shape name="square" />
        <span>{title ?? detail}</span>
      </p>
      {title && <p>{detail}</p>}
      {problem?.hint && (
        <p>
          <Prose text={asSentence(problem.hint)} />
        </p>
      )}
      {words.length > 0 && (
        <ul>
          {words.map(({ pointer, message }) => (
            <li key={`${pointer} ${message}`}>
              {pointer !== null && <code>{pointer}</code>} {message}
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
      {problem?.requestId && (isTraced || problem.status >= SERVER_FAULT) && (
        <p className="at-small">
          Request <code>{problem.requestId}</code>
        </p>
      )}
    </div>
  );
}
