/** What a Mac says about itself. A fact that it does not tell is a dash. */
import type { Machine } from '../api.ts';
import { cores, diskFree, diskTotal, memoryTotal, processes } from '../machine-figures.ts';
import { systemOf } from '../machine-order.ts';
import { bytes, count, dateAndTime, longSpan, percent } from '../quantities.ts';
import { type Fact, Facts } from './facts.tsx';
import { Foreign } from './foreign.tsx';

const said = (text: string | null | undefined) => (text ? <Foreign text={text} /> : '–');

function coresInWords(machine: Machine): string {
  const known = cores(machine);
  const threads = machine.info.cpu_threads;
  if (threads && known !== null && threads !== known) return `${known} (${threads} threads)`;
  return count(known);
}

function diskInWords(machine: Machine): string {
  const total = diskTotal(machine);
  return total === null ? '–' : `${bytes(diskFree(machine))} free of ${bytes(total)}`;
}

function battery(machine: Machine): Fact[] {
  if (!machine.battery) return [];
  return [
    [
      'Battery',
      `${percent(machine.battery.percent)}, ${machine.battery.plugged ? 'plugged in' : 'not plugged in'}`,
    ],
  ];
}

export function MachineFacts({ machine }: { readonly machine: Machine }) {
  const { info } = machine;
  const facts: Fact[] = [
    ['Model', said(info.model)],
    ['System', said(systemOf(machine))],
    ['Processor', said(info.processor ?? info.architecture)],
    ['Cores', coresInWords(machine)],
    ['Memory', bytes(memoryTotal(machine))],
    ['Disk', diskInWords(machine)],
    ['Serial number', said(info.serial_number)],
    ['IP address', said(info.local_ip)],
    ['Up for', longSpan(machine.uptime_seconds)],
    ['Load', machine.load_average?.map((load) => load.toFixed(2)).join('  ') ?? '–'],
    ['Processes', count(processes(machine))],
    ...battery(machine),
    ['Agent', said(info.agent_version)],
    ['Sealed with', machine.sealing],
    ['Via server', said(machine.via_node)],
    ['Computer name', said(info.computer_name)],
    ['Machine id', said(machine.machine_id)],
    ['First seen', dateAndTime(machine.first_seen)],
    ['Reports stored', count(machine.reports)],
  ];
  return (
    <section className="at-panel" aria-label="Facts">
      <Facts facts={facts} />
    </section>
  );
}
