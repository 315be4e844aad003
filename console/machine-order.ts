/**
 * Which machines the dashboard's table shows, and in which order. The choice stands in the page's address, so
 * that it can be sent to a colleague: ?q=&status=&sort=-cpu&page=2.
 */
import type { Machine, MachineStatus } from './api.ts';
import { diskFree, memoryPercent } from './machine-figures.ts';

export const SORT_KEYS = ['name', 'status', 'seen', 'os', 'cpu', 'memory', 'disk', 'node'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Choice {
  readonly search: string;
  readonly status: MachineStatus | null;
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly page: number;
}

const STATUSES: readonly MachineStatus[] = ['online', 'late', 'offline'];

export function readChoice(query: URLSearchParams): Choice {
  const wanted = query.get('sort') ?? 'name';
  const descending = wanted.startsWith('-');
  const key = descending ? wanted.slice(1) : wanted;
  const page = Number(query.get('page') ?? '1');
  return {
    search: query.get('q') ?? '',
    status: STATUSES.find((status) => status === query.get('status')) ?? null,
    sort: SORT_KEYS.find((known) => known === key) ?? 'name',
    descending,
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

/** What is as usual is left out, so that the address stays short. */
export function writeChoice(choice: Choice): URLSearchParams {
  const query = new URLSearchParams();
  if (choice.search !== '') query.set('q', choice.search);
  if (choice.status !== null) query.set('status', choice.status);
  const sort = `${choice.descending ? '-' : ''}${choice.sort}`;
  if (sort !== 'name') query.set('sort', sort);
  if (choice.page > 1) query.set('page', String(choice.page));
  return query;
}

export function systemOf({ info }: Machine): string {
  return [info.os, info.os_version].filter((part) => part).join(' ');
}

function searchable(machine: Machine): string {
  const { info } = machine;
  return [
    machine.hostname,
    machine.machine_id,
    machine.via_node,
    info.computer_name,
    info.serial_number,
    info.local_ip,
    info.model,
    systemOf(machine),
  ]
    .filter((part) => part)
    .join('\n')
    .toLowerCase();
}

const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** What is not known is never the least: the first row names a disk that is really full. */
const known = (figure: number | null) => figure ?? Number.POSITIVE_INFINITY;

const ORDERS: Record<SortKey, (a: Machine, b: Machine) => number> = {
  name: (a, b) => names.compare(a.hostname, b.hostname),
  status: (a, b) => STATUSES.indexOf(b.status) - STATUSES.indexOf(a.status),
  seen: (a, b) => a.last_seen_age_seconds - b.last_seen_age_seconds,
  os: (a, b) => names.compare(systemOf(a), systemOf(b)),
  cpu: (a, b) => a.cpu_percent - b.cpu_percent,
  memory: (a, b) => known(memoryPercent(a)) - known(memoryPercent(b)),
  disk: (a, b) => known(diskFree(a)) - known(diskFree(b)),
  node: (a, b) => names.compare(a.via_node, b.via_node),
};

/** Every word of the search must stand somewhere; equals keep the order of their names. */
export function choose(machines: readonly Machine[], choice: Choice): Machine[] {
  const words = choice.search.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = choice.descending ? -1 : 1;
  const order = ORDERS[choice.sort];
  return machines
    .filter((machine) => choice.status === null || machine.status === choice.status)
    .filter((machine) => {
      if (words.length === 0) return true;
      const text = searchable(machine);
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => sign * (order(a, b) || 0) || ORDERS.name(a, b) || (a.machine_id < b.machine_id ? -1 : 1));
}
