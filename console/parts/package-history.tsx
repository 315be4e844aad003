/** The packages that were built: of what, by whom, and who came by them. The records only: no server keeps a file. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { canRevoke, holdsSecrets, packageRevocation } from '../package-acts.ts';
import type { PackageBuild } from '../package-api.ts';
import { usePackages } from '../package-queries.ts';
import { joinDoubt } from '../package-tracker.ts';
import { holdingOf, KINDS } from '../package-words.ts';
import { bytes, dateAndTime } from '../quantities.ts';
import type { Act } from '../trust-acts.ts';
import { ActDialog } from './act-dialog.tsx';
import { ErrorBox } from './error-box.tsx';
import { Foreign } from './foreign.tsx';
import { Glyph } from './glyph.tsx';
import { ContentFingerprint } from './package-contents.tsx';
import { RowAct } from './row-act.tsx';
import { Badge, ticketLook } from './state-badge.tsx';
import { TableHead } from './table-head.tsx';
import { TableRegion } from './table-region.tsx';
import { TimeAgo } from './time-ago.tsx';

const COLUMNS = ['Package', 'Built', 'Holds', 'SHA-256', 'Joined as', 'Ticket'] as const;
const SHA256_SHOWN = 12;

function Outcome({ state, revoked_at }: PackageBuild) {
  if (state === 'building') return <Badge word="Building" shape="half" tone="info" />;
  if (state === 'failed') return <Badge word="Failed" shape="cross" tone="bad" />;
  if (state === 'lost') return <Badge word="Not finished" shape="dashes" tone="idle" />;
  return revoked_at === null ? null : <Badge word="Revoked" shape="slash" tone="idle" />;
}

function Holds({ kind, credentials, contents, sha256 }: PackageBuild) {
  return (
    <details className="at-words">
      <summary>
        <Glyph name="fold" size={14} />
        {holdingOf(kind, credentials)}
      </summary>
      <ul className="at-held">
        {contents
          .filter(({ secret }) => secret)
          .map((item) => (
            <li key={item.name}>
              <Foreign text={item.name} /> <ContentFingerprint {...item} />
            </li>
          ))}
        {sha256 !== null && (
          <li>
            SHA-256{' '}
            <code>
              <Foreign text={sha256} />
            </code>
          </li>
        )}
      </ul>
    </details>
  );
}

function TicketCell({ ticket }: PackageBuild) {
  if (ticket === null) return '–';
  return (
    <span>
      <Badge {...ticketLook(ticket.state)} />
      <span className="at-under">ends {dateAndTime(ticket.expires_at)}</span>
    </span>
  );
}

/** On a narrow screen, where each cell is a line, the empty ones are left out. */
const nothing = (isEmpty: boolean): string => (isEmpty ? 'at-nothing' : 'at-wide');

function What({ build }: { readonly build: PackageBuild }) {
  const { kind, file_name, architecture, version, size_bytes, signed, note } = build;
  return (
    <th scope="row">
      <Foreign text={file_name} /> <Outcome {...build} />
      <span className="at-under">
        {KINDS[kind].label}, {architecture}, {version}
        {size_bytes !== null && (
          <>
            , <span className="at-nowrap">{bytes(size_bytes)}</span>
          </>
        )}
        {signed && ', signed'}
      </span>
      {note !== '' && (
        <span className="at-under">
          <Foreign text={note} />
        </span>
      )}
    </th>
  );
}

function Made({ built_at, built_by, node_id }: PackageBuild) {
  return (
    <span>
      <TimeAgo at={built_at} />
      <span className="at-under">
        by <Foreign text={built_by} />
      </span>
      <span className="at-under">
        on <Foreign text={node_id} />
      </span>
    </span>
  );
}

interface BuildRowProps {
  readonly build: PackageBuild;
  readonly onAct: (act: Act) => void;
}

function Acts({ build, onAct }: BuildRowProps) {
  const { file_name, build_id } = build;
  return (
    <td className="at-row-acts">
      {canRevoke(build) && (
        <RowAct
          label="Revoke…"
          name={`${file_name} ${build_id}`}
          onAct={() => onAct(packageRevocation(build))}
        />
      )}
      {holdsSecrets(build) && (
        <Link href="/settings/cluster#leaks">
          Lost?<span className="at-hidden"> What to change for {file_name}</span>
        </Link>
      )}
    </td>
  );
}

function BuildRow({ build, onAct }: BuildRowProps) {
  const { sha256, joined, ticket, revoked_at } = build;
  return (
    <tr data-quiet={revoked_at !== null}>
      <What build={build} />
      <td className="at-wide" data-label="Built">
        <Made {...build} />
      </td>
      <td data-label="Holds">
        <Holds {...build} />
      </td>
      <td className={nothing(sha256 === null)} data-label="SHA-256">
        {sha256 === null ? '–' : <code>{sha256.slice(0, SHA256_SHOWN)}…</code>}
      </td>
      <td className={nothing(joined.length === 0)} data-label="Joined as">
        <Foreign text={joined.map(({ node_id }) => node_id).join(', ') || '–'} />
        {joined[0] && joinDoubt(joined[0]) && <span className="at-small"> {joinDoubt(joined[0])}</span>}
      </td>
      <td className={nothing(ticket === null)} data-label="Ticket">
        <TicketCell {...build} />
      </td>
      <Acts build={build} onAct={onAct} />
    </tr>
  );
}

export function PackageHistory() {
  const list = usePackages();
  const [act, setAct] = useState<Act | null>(null);
  const builds = list.data?.pages.flatMap((page) => page.items);
  return (
    <section aria-labelledby="history">
      <div className="at-section-head">
        <h2 id="history">Packages built</h2>
        <p className="at-small">The server keeps no copy, only these records.</p>
      </div>
      {list.error && (
        <ErrorBox
          title="The history could not be read"
          error={list.error}
          onRetry={() => void list.refetch()}
        />
      )}
      {builds?.length === 0 && <p className="at-panel">No package was built yet.</p>}
      {builds && builds.length > 0 && (
        <TableRegion label="Table of packages" stacks>
          <TableHead columns={COLUMNS} hasActs />
          <tbody>
            {builds.map((build) => (
              <BuildRow key={build.build_id} build={build} onAct={setAct} />
            ))}
          </tbody>
        </TableRegion>
      )}
      {list.hasNextPage && (
        <Button
          variant="default"
          size="xs"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show older
        </Button>
      )}
      <ActDialog act={act} onClose={() => setAct(null)} />
    </section>
  );
}
