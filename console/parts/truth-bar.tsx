/**
 * Stands over every page and says whether to believe it. Vouches for the oldest of the polled figures in view.
 * A screen reader hears changes of state, not each second.
 */
import { type Query, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { ApiError, lastAnswer } from '../api.ts';
import { ago } from '../quantities.ts';
import { useHealthCheck } from '../queries.ts';
import { type Truth, truth } from '../truth.ts';
import { Foreign } from './foreign.tsx';
import { Shape, type ShapeName } from './glyph.tsx';
import { useNow } from './time-ago.tsx';

const MONITOR = '/settings/cluster';

const SHAPES: Record<Truth['tone'], ShapeName> = {
  good: 'disc',
  warn: 'triangle',
  bad: 'square',
  idle: 'dashes',
};

function failureOf(queries: readonly Query[]): ApiError | undefined {
  for (const { state } of queries) {
    // A thing that is not there is an answer, and a true one.
    if (state.error instanceof ApiError && state.error.status !== 404) return state.error;
  }
  return undefined;
}

export function TruthBar() {
  const nowMs = useNow();
  const client = useQueryClient();
  const { data: health } = useHealthCheck();
  const shown = client
    .getQueryCache()
    .findAll({ type: 'active', predicate: (query) => query.meta?.live === true });
  const read = shown.map((query) => query.state.dataUpdatedAt).filter((at) => at > 0);
  const readAtMs = read.length > 0 ? Math.min(...read) : undefined;
  const failure = failureOf(shown);
  const { tone, headline, spoken, live, servers, verdict, alarm } = truth({
    nowMs,
    readAtMs,
    failure,
    health,
  });
  const { node } = lastAnswer();
  return (
    <section className="at-truth" aria-label="State of this page" data-tone={tone}>
      {alarm && (
        <p className="at-alarm">
          <Shape name="cross" />
          {alarm}
        </p>
      )}
      <p className="at-truth-line">
        <Shape name={SHAPES[tone]} />
        <span className="at-truth-items">
          <strong>{headline}</strong>
          {live && readAtMs !== undefined && <span>updated {ago(Math.max(0, nowMs - readAtMs) / 1000)}</span>}
          {live && node !== null && (
            <span>
              served by <Foreign text={node} />
            </span>
          )}
          <span role="status">
            {servers && <Link href={MONITOR}>{live ? servers : `last seen: ${servers}`}</Link>}
          </span>
          {verdict && (
            <span className="at-truth-verdict">
              <Link href={MONITOR}>
                <Foreign text={verdict} />
              </Link>
            </span>
          )}
        </span>
      </p>
      <p className="at-hidden" role="status">
        {spoken}
      </p>
    </section>
  );
}
