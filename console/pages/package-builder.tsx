/** Settings → Server Package Builder: what will this file do, and what is the damage if I lose it? */
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { ApiError } from '../api.ts';
import type { PackageOrder } from '../package-api.ts';
import { usePackageBuild } from '../package-build.ts';
import { type Draft, EMPTY_DRAFT } from '../package-order.ts';
import { usePackageReadiness } from '../package-queries.ts';
import { announcement, type Building, failedAt, isRunning } from '../package-steps.ts';
import { KINDS, kindIn } from '../package-words.ts';
import { Arrival } from '../parts/arrival.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { ChoiceCards } from '../parts/package-choice.tsx';
import { PackageForm } from '../parts/package-form.tsx';
import { PackageHistory } from '../parts/package-history.tsx';
import { PackageProgress } from '../parts/package-progress.tsx';
import { PackageResult } from '../parts/package-result.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { StaleNote } from '../parts/stale-note.tsx';

const KIND_CHOICES = (['standalone', 'cluster-node', 'agent'] as const).map((value) => ({
  value,
  ...KINDS[value],
}));
const FORBIDDEN = 403;

function ReadinessError({ error, onRetry }: { readonly error: Error; readonly onRetry: () => void }) {
  if (error instanceof ApiError && error.status === FORBIDDEN) {
    return (
      <ErrorBox title="You may not build packages" error={error}>
        <p>Administrators may, and API tokens with the scope packages:build.</p>
      </ErrorBox>
    );
  }
  return <ErrorBox title="What a package needs could not be read" error={error} onRetry={onRetry} />;
}

interface ChoosingProps {
  readonly onBuild: (order: PackageOrder) => void;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
}

/** Everything before the button. */
function Choosing({ draft, onDraft, onBuild }: ChoosingProps) {
  const [query, setQuery] = useSearchParams();
  const kind = kindIn(query);
  const { usual, judged, isCurrent } = usePackageReadiness(kind, draft);
  const { data, error, dataUpdatedAt } = usual;
  return (
    <>
      <ChoiceCards
        legend="Kind of package"
        choices={KIND_CHOICES}
        chosen={kind}
        onChoose={(next) => setQuery({ kind: next }, { replace: true })}
      />
      <p>{KINDS[kind].does}</p>
      {!data && !error && <p className="at-panel at-muted">Checking what is needed …</p>}
      {!data && error && <ReadinessError error={error} onRetry={() => void usual.refetch()} />}
      {data && error && <StaleNote error={error} readAt={dataUpdatedAt} what="What stands here" />}
      {data && !error && judged.error && (
        <ErrorBox title="What stands in the form could not be checked" error={judged.error} />
      )}
      {data && (
        <PackageForm
          kind={kind}
          readiness={{ ...data, checks: (judged.data ?? data).checks }}
          isCurrent={isCurrent}
          draft={draft}
          onChange={(changes) => onDraft({ ...draft, ...changes })}
          onBuild={onBuild}
        />
      )}
    </>
  );
}

interface FailureProps {
  readonly failure: Extract<Building, { phase: 'failed' }>;
  readonly onRetry: () => void;
}

function Failure({ failure: { error, at }, onRetry }: FailureProps) {
  return (
    <Arrival label="The building failed">
      <ErrorBox title={failedAt(at)} error={error} onRetry={onRetry} isTraced />
    </Arrival>
  );
}

export function PackageBuilderPage() {
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const { building, start, cancel, reset } = usePackageBuild();
  return (
    <>
      <PageHeading title="Server Package Builder" />
      <p className="at-lead">
        One file that makes a Mac a server or an agent, with one command and no network to fetch anything
        from.
      </p>
      <p className="at-hidden" role="status">
        {announcement(building)}
      </p>
      <div className="at-stack">
        {building.phase === 'cancelled' && <p className="at-panel">Cancelled. Nothing was kept.</p>}
        {building.phase === 'failed' && <Failure failure={building} onRetry={() => start(building.order)} />}
        {isRunning(building) && <PackageProgress building={building} onCancel={cancel} />}
        {building.phase === 'ready' && <PackageResult built={building.built} onAgain={reset} />}
        {!isRunning(building) && building.phase !== 'ready' && (
          <Choosing draft={draft} onDraft={setDraft} onBuild={start} />
        )}
        <PackageHistory />
      </div>
    </>
  );
}
