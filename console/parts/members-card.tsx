/** Who belongs to the cluster, by key; who was evicted; and the last steps of the roster, in words. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useRoster } from '../queries.ts';
import { type Act, canEvict, canRemove, choice, eviction, readmission, removal } from '../trust-acts.ts';
import type { RosterView } from '../trust-api.ts';
import { ActDialog } from './act-dialog.tsx';
import { ErrorBox } from './error-box.tsx';
import { Facts } from './facts.tsx';
import { Foreign } from './foreign.tsx';
import { RosterSteps } from './roster-steps.tsx';
import { RowAct } from './row-act.tsx';
import { StateBadge } from './state-badge.tsx';
import { TableHead } from './table-head.tsx';
import { TableRegion } from './table-region.tsx';

interface RosterProps {
  readonly roster: RosterView;
  readonly onAct: (act: Act) => void;
}

const ADMISSION: Record<RosterView['admission'], string> = {
  secret: 'by secret: who holds the cluster secret is admitted',
  ticket: 'by ticket: a new server needs a join ticket',
};

/** Digits by which people tell two pasts apart. */
const HASH_SHOWN = 16;

function MemberTable({ roster, onAct }: RosterProps) {
  return (
    <TableRegion label="Table of members" stacks>
      <TableHead columns={['Member', 'Key fingerprint', 'State', 'Admitted by']} hasActs />
      <tbody>
        {roster.members.map((member) => (
          <tr key={member.node_id}>
            <th scope="row">
              <Foreign text={member.node_id} />
              {member.this_node && <span className="at-mark">this node</span>}
            </th>
            <td data-label="Key fingerprint">
              <code>{member.fingerprint}</code>
            </td>
            <td data-label="State">
              <StateBadge state={member.state} />
            </td>
            <td data-label="Admitted by">
              {member.admitted_by === null ? 'founder' : <Foreign text={member.admitted_by} />}
            </td>
            <td className="at-row-acts">
              {canRemove(member) && (
                <RowAct
                  label="Remove…"
                  name={member.node_id}
                  onAct={() => onAct(removal(member.node_id, roster))}
                />
              )}
              {canEvict(member) && (
                <RowAct
                  label="Evict…"
                  name={member.node_id}
                  onAct={() => onAct(eviction(member.node_id, roster))}
                />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </TableRegion>
  );
}

function Evicted({ roster, onAct }: RosterProps) {
  if (roster.evicted.length === 0) return null;
  return (
    <div>
      <h3>Evicted</h3>
      <ul className="at-names">
        {roster.evicted.map((name) => (
          <li key={name}>
            <Foreign text={name} />
            <RowAct label="Free the name…" name={name} onAct={() => onAct(readmission(name))} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What happened, and how to find out which is right, stands among the findings. */
function TwoPasts({ roster: { pasts }, onAct }: RosterProps) {
  if (pasts === null) return null;
  const { epoch, ours, theirs } = pasts;
  return (
    <div className="at-two-pasts">
      <p className="at-warning">There are two pasts from step {epoch} on. Say which of them is right.</p>
      <div className="at-actions">
        <Button size="xs" variant="default" onClick={() => onAct(choice(ours, true))}>
          This server’s, {ours.slice(0, HASH_SHOWN)}…
        </Button>
        <Button size="xs" variant="default" onClick={() => onAct(choice(theirs, false))}>
          The other, {theirs.slice(0, HASH_SHOWN)}…
        </Button>
      </div>
    </div>
  );
}

export function MembersCard() {
  const { data: roster, error, refetch } = useRoster();
  const [act, setAct] = useState<Act | null>(null);
  return (
    <section className="at-panel at-members" aria-labelledby="members">
      <h2 id="members">Members</h2>
      {error && !roster && (
        <ErrorBox title="The roster could not be read" error={error} onRetry={() => void refetch()} />
      )}
      {roster && (
        <>
          <TwoPasts roster={roster} onAct={setAct} />
          <Facts
            facts={[
              ['Admission', ADMISSION[roster.admission]],
              ['Level', `${roster.level} of 3, and it must not fall below`],
              ['Key id', <code key="key">{roster.key_id}</code>],
              ['Roster', `step ${roster.epoch}, ${roster.hash.slice(0, HASH_SHOWN)}…`],
            ]}
          />
          <MemberTable roster={roster} onAct={setAct} />
          <Evicted roster={roster} onAct={setAct} />
          <RosterSteps steps={roster.steps} />
        </>
      )}
      <ActDialog act={act} onClose={() => setAct(null)} />
    </section>
  );
}
