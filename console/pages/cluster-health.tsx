/** Settings → Cluster Health Monitor: if one server dies now, what happens? */
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type HealthCheck, healthCheck } from '../api.ts';
import { ClusterBoxes } from '../parts/cluster-boxes.tsx';
import { ClusterWords } from '../parts/cluster-words.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Findings } from '../parts/findings.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { Glyph, Shape } from '../parts/glyph.tsx';
import { MembersCard } from '../parts/members-card.tsx';
import { NodeTable } from '../parts/node-table.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { RefusalTable } from '../parts/refusal-table.tsx';
import { Rotation } from '../parts/rotation.tsx';
import { SecurityCard } from '../parts/security-card.tsx';
import { StaleNote } from '../parts/stale-note.tsx';
import { TicketsCard } from '../parts/tickets-card.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';
import { useHealthCheck } from '../queries.ts';
import { overallLook, warningsBeside } from '../verdict.ts';

function Verdict({ health }: { readonly health: HealthCheck }) {
  const { word, shape, tone } = overallLook(health.overall);
  const warnings = warningsBeside(health);
  return (
    <section className="at-verdict" data-tone={tone} aria-labelledby="verdict">
      <Shape name={shape} size={22} />
      <div>
        <div role="status" className="at-verdict-head">
          {/* The verdict of a server begins with the word already. */}
          {!health.verdict.startsWith(word) && <p className="at-verdict-word">{word}</p>}
          <h2 id="verdict">{health.verdict}</h2>
          {warnings && (
            <p className="at-verdict-warnings">
              <a href="#findings">{warnings}</a>
            </p>
          )}
        </div>
        <p className="at-small">
          Checked <TimeAgo at={health.checked_at} /> by <Foreign text={health.checked_by} />
        </p>
      </div>
    </section>
  );
}

function SingleServer() {
  return (
    <section className="at-panel at-empty" aria-labelledby="single">
      <h2 id="single">One server, and that is fine</h2>
      <p>
        If it stops, no report is lost: the Macs keep their reports and send them when it is back. Only this
        console is away meanwhile.
      </p>
      <p>
        A second server takes over within seconds. For it, set <code>cluster.enabled</code> in{' '}
        <code>config.yaml</code> and give both servers one backend and one database; then the servers find
        each other and prove themselves with signed records.
      </p>
    </section>
  );
}

function HealthView({ health }: { readonly health: HealthCheck }) {
  const [isRotating, wizard] = useDisclosure(false);
  /** Without authentication there is no roster, and no secret that could be rotated. */
  const hasRoster = health.cluster_enabled && health.security.enabled;
  return (
    <>
      <Verdict health={health} />
      {hasRoster && <Rotation opened={isRotating} onOpen={wizard.open} onClose={wizard.close} />}
      {!health.cluster_enabled && <SingleServer />}
      <Findings findings={health.findings} />
      <ClusterBoxes health={health} />
      {health.cluster_enabled && (
        <>
          <NodeTable health={health} />
          <RefusalTable health={health} />
        </>
      )}
      {hasRoster && (
        <>
          <MembersCard />
          <TicketsCard />
        </>
      )}
      <SecurityCard
        action={
          hasRoster && (
            <Button size="xs" variant="default" onClick={wizard.open}>
              Rotate secret…
            </Button>
          )
        }
      />
      <ClusterWords health={health} />
    </>
  );
}

export function ClusterHealthPage() {
  const client = useQueryClient();
  const { data: health, error, dataUpdatedAt, isFetching, refetch } = useHealthCheck();
  const probe = useMutation({
    mutationFn: () => healthCheck(undefined, true),
    onSuccess: (fresh) => client.setQueryData(['cluster'], fresh),
  });
  return (
    <>
      <PageHeading
        title="Cluster Health Monitor"
        actions={
          <>
            <Button size="xs" loading={probe.isPending} onClick={() => probe.mutate()}>
              Run Health Check
            </Button>
            <Button
              size="xs"
              variant="default"
              leftSection={<Glyph name="refresh" size={14} />}
              aria-disabled={isFetching}
              onClick={() => void refetch()}
            >
              Refresh
            </Button>
          </>
        }
      />
      <div className="at-stack" data-stale={Boolean(error)}>
        {probe.error && <ErrorBox title="The health check did not run" error={probe.error} />}
        {!health && error && (
          <ErrorBox
            title="The cluster’s health could not be read"
            error={error}
            onRetry={() => void refetch()}
          />
        )}
        {health && error && <StaleNote error={error} readAt={dataUpdatedAt} what="What stands here" />}
        {health && <HealthView health={health} />}
      </div>
    </>
  );
}
