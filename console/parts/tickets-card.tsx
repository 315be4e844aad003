/** Join tickets: which are open, which server came by one, and the way to make and to revoke one. */
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { dateAndTime } from '../quantities.ts';
import { useTickets } from '../queries.ts';
import { type Act, revocation } from '../trust-acts.ts';
import type { Ticket } from '../trust-api.ts';
import { ActDialog } from './act-dialog.tsx';
import { ErrorBox } from './error-box.tsx';
import { Foreign } from './foreign.tsx';
import { RowAct } from './row-act.tsx';
import { Badge, ticketLook } from './state-badge.tsx';
import { TableHead } from './table-head.tsx';
import { TableRegion } from './table-region.tsx';
import { TicketDialog } from './ticket-dialog.tsx';
import { TimeAgo } from './time-ago.tsx';

interface TicketTableProps {
  readonly tickets: readonly Ticket[];
  readonly onAct: (act: Act) => void;
}

function TicketTable({ tickets, onAct }: TicketTableProps) {
  return (
    <TableRegion label="Table of join tickets" stacks>
      <TableHead columns={['Ticket', 'State', 'Made', 'Ends', 'Let in']} hasActs />
      <tbody>
        {tickets.map(({ id, state, created_by, created_at, expires_at, used_by }) => (
          <tr key={id}>
            <th scope="row">
              <code>{id}</code>
            </th>
            <td data-label="State">
              <Badge {...ticketLook(state)} />
            </td>
            <td data-label="Made">
              <span>
                <TimeAgo at={created_at} />
                <span className="at-under">
                  on <Foreign text={created_by} />
                </span>
              </span>
            </td>
            <td data-label="Ends">{dateAndTime(expires_at)}</td>
            <td data-label="Let in">{used_by === null ? '–' : <Foreign text={used_by} />}</td>
            <td className="at-row-acts">
              {state === 'open' && <RowAct label="Revoke…" name={id} onAct={() => onAct(revocation(id))} />}
            </td>
          </tr>
        ))}
      </tbody>
    </TableRegion>
  );
}

export function TicketsCard() {
  const { data: list, error, refetch } = useTickets();
  const [isCreating, dialog] = useDisclosure(false);
  const [act, setAct] = useState<Act | null>(null);
  return (
    <section className="at-panel" aria-labelledby="tickets">
      <div className="at-section-head">
        <h2 id="tickets">Join tickets</h2>
        <Button size="xs" variant="default" onClick={dialog.open} disabled={!list || list.obstacle !== null}>
          Create ticket…
        </Button>
      </div>
      {list?.obstacle && (
        <p className="at-muted">
          {list.obstacle.sentence} {list.obstacle.mend}
        </p>
      )}
      {error && !list && (
        <ErrorBox title="The tickets could not be read" error={error} onRetry={() => void refetch()} />
      )}
      {list?.items.length === 0 && (
        <p className="at-muted">There are none. A ticket lets one new server in, once, until it ends.</p>
      )}
      {list && list.items.length > 0 && <TicketTable tickets={list.items} onAct={setAct} />}
      <TicketDialog opened={isCreating} onClose={dialog.close} />
      <ActDialog act={act} onClose={() => setAct(null)} />
    </section>
  );
}
