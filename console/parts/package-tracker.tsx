/** Watches for the server that installs the package, until it is healthy; says what to look at when it does not come. */
import { Link } from 'wouter';
import { missingCommands } from '../../src/installer/install-commands.ts';
import { serverNow } from '../api.ts';
import type { PackageBuild } from '../package-api.ts';
import { usePackageRecord } from '../package-queries.ts';
import {
  deadTicket,
  isOverdue,
  type Joined,
  joinDoubt,
  joinLines,
  joinSentence,
  stageOf,
} from '../package-tracker.ts';
import { Foreign } from './foreign.tsx';
import { PackageCommands } from './package-commands.tsx';
import { PackageSteps } from './package-steps.tsx';
import { StaleNote } from './stale-note.tsx';
import { useNow } from './time-ago.tsx';

function JoinTrack({ joined, builtAt }: { readonly joined: Joined | undefined; readonly builtAt: string }) {
  useNow();
  const stage = stageOf(joined);
  return (
    <>
      <p role="status">
        <Foreign text={joinSentence(stage, joined?.node_id ?? null)} />
      </p>
      {joined && joinDoubt(joined) && <p className="at-small">It {joinDoubt(joined)}.</p>}
      <PackageSteps label="How far it is" lines={joinLines(stage)} />
      {isOverdue(stage, builtAt, serverNow()) && (
        <>
          <p>Not seen. If it is installed, run on the new Mac:</p>
          <PackageCommands commands={missingCommands()} />
        </>
      )}
    </>
  );
}

export function PackageTracker({ first }: { readonly first: PackageBuild }) {
  const { data: record, error, dataUpdatedAt } = usePackageRecord(first);
  const dead = record.joined.length === 0 ? deadTicket(record) : null;
  return (
    <section className="at-panel at-tracker" aria-labelledby="tracker">
      <div className="at-section-head">
        <h2 id="tracker">The new server</h2>
        <Link href="/settings/cluster">Cluster Health Monitor</Link>
      </div>
      {error && <StaleNote error={error} readAt={dataUpdatedAt} what="What stands here" />}
      {dead && <p role="status">{dead}</p>}
      {!dead && record.joined.length === 0 && <JoinTrack joined={undefined} builtAt={record.built_at} />}
      {record.joined.map((joined) => (
        <JoinTrack key={joined.node_id} joined={joined} builtAt={record.built_at} />
      ))}
    </section>
  );
}
