/** What a Mac says about itself. A fact that it does not tell is a dash. */
import type { Machine } from '../api.ts';
import { systemOf } from '../machine-order.ts';
import { bytes, count, dateAndTime, longSpan, percent } from '../quantities.ts';
import { type Fact, Facts } from './facts.tsx';
import { Foreign } from './foreign.tsx';

const said = (text: string | null | undefined) => (text ? <Foreign text={text} /> : '–');

function cores({ cpu_count, cpu_threads }: Machine['info']): string {
  if (cpu_threads && cpu_count && cpu_threads !== cpu_count) return `${cpu_count} (${cpu_threads} threads)`;
  return count(cpu_count);
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
    ['Cores', cores(info)],
    ['Memory', bytes(machine.memory_total_bytes || info.total_memory)],
    ['Disk', `${bytes(machine.disk_free_bytes)} free of ${bytes(machine.disk_total_bytes)}`],
    ['Serial number', said(info.serial_number)],
    ['IP address', said(info.local_ip)],
    ['Up for', longSpan(machine.uptime_seconds)],
    ['Load', machine.load_average?.map((load) => load.toFixed(2)).join('  ') ?? '–'],
    ['Processes', count(machine.processes)],
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
