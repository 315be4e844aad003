/** The machines as a table; each row leads to its machine. Figures of a Mac that does not report are greyed. */
import { Pagination } from '@mantine/core';
import { Link } from 'wouter';
import { counted } from '../../src/base/counted.ts';
import type { Machine } from '../api.ts';
import { machineAddress } from '../machine-address.ts';
import { diskFree, diskPercent, memoryPercent } from '../machine-figures.ts';
import { type Choice, choose, type SortKey, systemOf } from '../machine-order.ts';
import { bytes, count, percent } from '../quantities.ts';
import { Foreign } from './foreign.tsx';
import { StateBadge } from './state-badge.tsx';
import { SortHeader, TableRegion } from './table-region.tsx';
import { Age } from './time-ago.tsx';

const ROWS_PER_PAGE = 100;
const FULL_PERCENT = 90;

const COLUMNS: readonly { key: SortKey; label: string; numeric?: boolean }[] = [
  { key: 'name', label: 'Name' },
  { key: 'status', label: 'Status' },
  { key: 'seen', label: 'Last seen' },
  { key: 'os', label: 'System' },
  { key: 'cpu', label: 'CPU', numeric: true },
  { key: 'memory', label: 'Memory', numeric: true },
  { key: 'disk', label: 'Disk free', numeric: true },
  { key: 'node', label: 'Via server' },
];

function Meter({ value }: { readonly value: number | null }) {
  if (value === null) return null;
  return (
    <span className="at-meter" data-full={value >= FULL_PERCENT} aria-hidden="true">
      <span style={{ width: `${Math.min(100, Math.max(0, value))}%` }} />
    </span>
  );
}

function MachineRow({ machine, readAt }: { readonly machine: Machine; readonly readAt: number }) {
  const { model, serial_number } = machine.info;
  return (
    <tr data-quiet={machine.status === 'offline'}>
      <th scope="row">
        <Link href={machineAddress(machine.machine_id)} className="at-row-link">
          <Foreign text={machine.hostname} />
        </Link>
        <span className="at-under">
          <Foreign text={model ?? serial_number ?? machine.machine_id} />
        </span>
      </th>
      <td>
        <StateBadge state={machine.status} />
      </td>
      <td>
        <Age seconds={machine.last_seen_age_seconds} readAt={readAt} at={machine.last_seen} />
      </td>
      <td className="at-tight">
        <Foreign text={systemOf(machine) || '–'} />
      </td>
      <td className="at-number">
        {percent(machine.cpu_percent)}
        <Meter value={machine.cpu_percent} />
      </td>
      <td className="at-number">
        {percent(memoryPercent(machine))}
        <Meter value={memoryPercent(machine)} />
      </td>
      <td className="at-number">
        {bytes(diskFree(machine))}
        <Meter value={diskPercent(machine)} />
      </td>
      <td className="at-tight">
        <Foreign text={machine.via_node} />
      </td>
    </tr>
  );
}

interface MachineTableProps {
  readonly machines: readonly Machine[];
  readonly readAt: number;
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
}

export function MachineTable({ machines, readAt, choice, onChoose }: MachineTableProps) {
  const found = choose(machines, choice);
  const pages = Math.max(1, Math.ceil(found.length / ROWS_PER_PAGE));
  const page = Math.min(choice.page, pages);
  const rows = found.slice((page - 1) * ROWS_PER_PAGE, page * ROWS_PER_PAGE);
  const sortBy = (key: SortKey) =>
    onChoose({ ...choice, sort: key, descending: choice.sort === key && !choice.descending, page: 1 });
  return (
    <>
      <p className="at-small at-found" role="status">
        {found.length === machines.length
          ? counted(machines.length, 'machine')
          : `${count(found.length)} of ${count(machines.length)} machines`}
      </p>
      <TableRegion label="Table of machines">
        <thead>
          <tr>
            {COLUMNS.map(({ key, label, numeric }) => (
              <SortHeader
                key={key}
                label={label}
                numeric={numeric ?? false}
                active={choice.sort === key}
                descending={choice.descending}
                onSort={() => sortBy(key)}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((machine) => (
            <MachineRow key={machine.machine_id} machine={machine} readAt={readAt} />
          ))}
          {rows.length === 0 && (
            <tr>
              <td colSpan={COLUMNS.length} className="at-no-rows">
                No machine fits this search and filter.
              </td>
            </tr>
          )}
        </tbody>
      </TableRegion>
      {pages > 1 && (
        <Pagination
          total={pages}
          value={page}
          onChange={(next) => onChoose({ ...choice, page: next })}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
          getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
          size="sm"
        />
      )}
    </>
  );
}
