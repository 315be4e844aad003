/** `atlas-fleet cluster security`: every line computed now by the running server. Fails when one of them does. */
import { counted } from '../../base/counted.ts';
import { AtlasError } from '../../base/errors.ts';
import { runningServer } from '../control-socket.ts';
import type { Flags } from '../flags.ts';
import { print, printJson, shown } from '../terminal.ts';

type State = 'pass' | 'info' | 'warn' | 'fail';

interface Line {
  readonly group: string;
  readonly state: State;
  readonly what: string;
  readonly expected: string | null;
  readonly seen: string;
  readonly mend: string | null;
}

interface Report {
  readonly authentication: string;
  readonly level: number | null;
  readonly key_id: string | null;
  readonly cluster_id: string | null;
  readonly warning: string | null;
  readonly lines: readonly Line[];
  readonly nodes: readonly {
    readonly node_id: string;
    readonly this_node: boolean;
    readonly state: State;
    readonly sentence: string;
    readonly signs: string | null;
    readonly accepts: readonly string[];
    readonly clock_offset_seconds: number | null;
    readonly last_heartbeat_age_seconds: number | null;
    readonly refusals: readonly { readonly code: string; readonly count: number }[];
  }[];
  readonly roster: null | {
    readonly epoch: number;
    readonly hash: string;
    readonly members: number;
    readonly admission: string;
    readonly level: number;
  };
  readonly blast_radius: readonly {
    readonly leaked: string;
    readonly can: readonly string[];
    readonly cannot: readonly string[];
    readonly recover: readonly { readonly why: string; readonly command: string }[];
    readonly not_yet: string | null;
  }[];
}

interface SecurityFlags extends Flags {
  readonly leaks?: boolean;
}

const GROUPS: Readonly<Record<string, string>> = {
  self_test: "This server's own checks, tried",
  level: 'Security level',
  roster: 'Roster',
  registry: 'Registry',
};

export async function security(flags: SecurityFlags): Promise<void> {
  const server = await runningServer(flags);
  const report = await server.get<Report>('/api/fleet/cluster/security?check=true');
  if (flags.json) printJson(report);
  else printReport(report, flags.leaks ?? false);
  const failed = report.lines.filter(({ state }) => state === 'fail').length;
  if (failed > 0)
    throw new AtlasError('check_failed', `${failed} of ${report.lines.length} lines failed`, {
      hint: 'do what stands behind each FAIL',
    });
}

function printReport(report: Report, withLeaks: boolean): void {
  const { authentication, level, key_id, cluster_id, warning, roster } = report;
  printLine(
    `Authentication ${authentication} · level ${level ?? '-'} · key ${key_id ?? '-'} · cluster ${cluster_id ?? '-'}`,
  );
  if (warning !== null) printLine(`WARNING: ${warning}`);
  if (roster !== null)
    printLine(
      `Roster: step ${roster.epoch} (${roster.hash.slice(0, 16)}) · ${counted(roster.members, 'member')} · admission by ${roster.admission} · promises level ${roster.level}`,
    );
  for (const [group, title] of Object.entries(GROUPS)) {
    const lines = report.lines.filter((line) => line.group === group);
    if (lines.length > 0) printGroup(title, lines);
  }
  if (report.nodes.length > 0) printNodes(report.nodes);
  if (withLeaks) report.blast_radius.forEach(printLeak);
  else printTitle('What a leak would give away, and how to recover: atlas-fleet cluster security --leaks');
}

function printGroup(title: string, lines: readonly Line[]): void {
  printTitle(title);
  for (const { state, what, expected, seen, mend } of lines) {
    const wanted =
      state === 'pass' || state === 'info' || expected === null ? '' : ` (expected: ${expected})`;
    printLine(`  ${wordOf(state)}  ${what}: ${seen}${wanted}`);
    if (mend !== null) printLine(`        ${mend}`);
  }
}

function printNodes(nodes: Report['nodes']): void {
  printTitle('Servers');
  for (const node of nodes) {
    printLine(`  ${wordOf(node.state)}  ${node.node_id}${node.this_node ? ' (this)' : ''}: ${node.sentence}`);
    const heard = node.last_heartbeat_age_seconds === null ? '-' : `${node.last_heartbeat_age_seconds} s ago`;
    const clock = node.clock_offset_seconds === null ? '-' : `${node.clock_offset_seconds} s`;
    const refused = node.refusals.map(({ code, count }) => `${code} x${count}`).join(', ') || 'none';
    printLine(
      `        signs ${node.signs ?? '-'} · accepts ${node.accepts.join(', ') || '-'} · heard ${heard} · clock ${clock} · refused ${refused}`,
    );
  }
}

function printLeak({ leaked, can, cannot, recover, not_yet }: Report['blast_radius'][number]): void {
  printTitle(`If this leaks: ${leaked}`);
  for (const sentence of can) printLine(`  can     ${sentence}`);
  for (const sentence of cannot) printLine(`  cannot  ${sentence}`);
  for (const { why, command } of recover) {
    printLine(`  run     ${command}`);
    printLine(`          ${why}`);
  }
  if (not_yet !== null) printLine(`  but     ${not_yet}`);
}

function wordOf(state: State): string {
  return state.toUpperCase();
}

function printTitle(text: string): void {
  print('');
  printLine(text);
}

/** Names of servers, and words of a Redis, are not ours. */
function printLine(text: string): void {
  print(shown(text));
}
