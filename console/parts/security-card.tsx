/** Is it secure? What this server tried on itself, asked and compared, line by line, and when. */
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { counted } from '../../src/base/counted.ts';
import { type SecurityLine, type SecurityReport, securityReport } from '../api.ts';
import { useSecurity } from '../queries.ts';
import { ErrorBox } from './error-box.tsx';
import { type Fact, Facts } from './facts.tsx';
import { Foreign } from './foreign.tsx';
import { Leaks } from './leaks.tsx';
import { Badge, lineLook } from './state-badge.tsx';
import { TimeAgo } from './time-ago.tsx';

const LEVELS: Record<NonNullable<SecurityReport['level']>, string> = {
  1: '1 of 3: no authentication',
  2: '2 of 3: cluster secret',
  3: '3 of 3: cluster secret and Redis password',
};

const GROUPS: readonly (readonly [SecurityLine['group'], string])[] = [
  ['self_test', 'This server’s own checks, tried'],
  ['level', 'Level'],
  ['roster', 'Roster'],
  ['registry', 'Registry'],
];

function factsOf({
  enabled,
  authentication,
  level,
  key_id,
  cluster_id,
  roster,
  ...rest
}: SecurityReport): Fact[] {
  const off = <Badge key="authentication" word="Off" shape="cross" tone="bad" />;
  return [
    ['Authentication', enabled ? authentication : off],
    ['Signing', rest.signing],
    ['Replay protection', rest.replay_protection],
    ['Level', level === null ? '–' : LEVELS[level]],
    ['Key id', <Foreign key="key" text={key_id ?? '–'} />],
    ['Cluster id', <Foreign key="cluster" text={cluster_id ?? '–'} />],
    ...(roster === null
      ? []
      : [
          ['Roster', `step ${roster.epoch}, ${counted(roster.members, 'member')}`] as const,
          ['Admission', `by ${roster.admission}`] as const,
        ]),
  ];
}

function Line({ line }: { readonly line: SecurityLine }) {
  const { state, what, seen, expected, mend } = line;
  const isOff = state === 'warn' || state === 'fail';
  return (
    <li>
      <Badge {...lineLook(state)} />
      <div>
        <p>
          <Foreign text={`${what}: ${seen}`} />
        </p>
        {isOff && expected !== null && <p className="at-muted">Expected: {expected}</p>}
        {mend !== null && <p className="at-muted">{mend}</p>}
      </div>
    </li>
  );
}

function Lines({ report }: { readonly report: SecurityReport }) {
  return GROUPS.map(([group, title]) => {
    const lines = report.lines.filter((line) => line.group === group);
    if (lines.length === 0) return null;
    return (
      <div key={group}>
        <h3>{title}</h3>
        <ul className="at-lines">
          {lines.map((line) => (
            <Line key={line.code} line={line} />
          ))}
        </ul>
      </div>
    );
  });
}

function Servers({ nodes }: Pick<SecurityReport, 'nodes'>) {
  if (nodes.length === 0) return null;
  return (
    <div>
      <h3>Servers</h3>
      <ul className="at-lines">
        {nodes.map(({ node_id, state, sentence, signs, accepts, refusals }) => (
          <li key={node_id}>
            <Badge {...lineLook(state)} />
            <div>
              <p>
                <Foreign text={`${node_id}: ${sentence}`} />
              </p>
              <p className="at-muted">
                <Foreign
                  text={`Signs with ${signs ?? 'nothing'}, accepts ${accepts.join(', ') || 'nothing'}. Refused: ${
                    refusals.map(({ code, count }) => `${code} ×${count}`).join(', ') || 'nothing'
                  }.`}
                />
              </p>
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** `action`: what can be done about it, beside the check. */
export function SecurityCard({ action }: { readonly action?: ReactNode }) {
  const client = useQueryClient();
  const { data: report, error, refetch } = useSecurity();
  const check = useMutation({
    mutationFn: () => securityReport(undefined, true),
    onSuccess: (fresh) => client.setQueryData(['security'], fresh),
  });
  const failed = check.error ?? (report ? null : error);
  return (
    <section className="at-panel at-security" aria-labelledby="security">
      <div className="at-section-head">
        <h2 id="security">Security</h2>
        <div className="at-actions">
          {action}
          <Button size="xs" variant="default" loading={check.isPending} onClick={() => check.mutate()}>
            Check now
          </Button>
        </div>
      </div>
      {failed && (
        <ErrorBox
          title="The security status could not be read"
          error={failed}
          onRetry={() => void refetch()}
        />
      )}
      {report && (
        <>
          <Facts facts={factsOf(report)} />
          {report.warning && <p className="at-warning">{report.warning}</p>}
          <p className="at-small">
            {report.checked_at === null ? (
              'Not checked yet.'
            ) : (
              <>
                Checked <TimeAgo at={report.checked_at} /> by <Foreign text={report.checked_by} />, and again
                every ten minutes.
              </>
            )}
          </p>
          <Lines report={report} />
          <Servers nodes={report.nodes} />
          <Leaks leaks={report.blast_radius} />
        </>
      )}
    </section>
  );
}
