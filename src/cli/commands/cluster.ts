/** `atlas-fleet cluster`: the cluster as the running server of this machine sees it. */
import { Command } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import { runningServer } from '../control-socket.ts';
import { type Flags, withFlags } from '../flags.ts';
import { print, printJson, printTable, shown } from '../terminal.ts';
import { security } from './cluster-security.ts';
import { redisAclCommand } from './redis-acl.ts';
import { rosterCommands } from './roster.ts';
import { rotateSecretCommand, rotationCommand } from './rotate-secret.ts';
import { ticketCommand } from './ticket.ts';

export function clusterCommand(): Command {
  const cluster = new Command('cluster').description('look at the cluster, and change who belongs to it');
  withFlags(cluster.command('status'), 'running server')
    .description('the verdict, the findings and the refused records; fails when the verdict is critical')
    .action(status);
  withFlags(cluster.command('nodes'), 'running server')
    .description('the servers and their states')
    .action(nodes);
  withFlags(cluster.command('security'), 'running server')
    .description('whether it is secure: every line computed now')
    .option('--leaks', 'and what each leak would give away, with the commands to recover')
    .action(security);
  withFlags(cluster.command('inspect'), 'running server')
    .description('what lies under one key of the registry, such as fleet:cluster:node:server-01')
    .argument('<key>', 'the key')
    .action(inspect);
  for (const command of [...rosterCommands(), rotateSecretCommand(), rotationCommand()])
    cluster.addCommand(command);
  cluster.addCommand(ticketCommand());
  cluster.addCommand(redisAclCommand());
  return cluster;
}

interface Node {
  readonly node_id: string;
  readonly state: string;
  readonly last_heartbeat_age_seconds: number | null;
  readonly signature: string;
  readonly clock_offset_seconds: number | null;
  /** null or empty: not heard from. */
  readonly version: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly this_node: boolean;
}

async function nodes(flags: Flags): Promise<void> {
  const server = await runningServer(flags);
  const answer = await server.get<{ nodes: Node[] }>('/api/fleet/cluster/nodes');
  if (flags.json) return printJson(answer);
  const rows = answer.nodes.map((node) => [
    node.this_node ? `${node.node_id} (this)` : node.node_id,
    node.state,
    node.last_heartbeat_age_seconds === null ? '-' : `${node.last_heartbeat_age_seconds} s`,
    node.signature,
    node.clock_offset_seconds === null ? '-' : `${node.clock_offset_seconds} s`,
    node.version || '-',
    node.host && node.port ? `${node.host}:${node.port}` : '-',
  ]);
  printTable(['NODE', 'STATE', 'HEARD', 'SIGNATURE', 'CLOCK', 'VERSION', 'ADDRESS'], rows);
}

interface Health {
  readonly overall: string;
  readonly verdict: string;
  readonly findings: readonly { severity: string; sentence: string; mend: string }[];
  readonly refusals: readonly {
    code: string;
    node_id: string;
    count: number;
    last_at: string;
    sentence: string;
  }[];
}

async function status(flags: Flags): Promise<void> {
  const server = await runningServer(flags);
  const health = await server.get<Health>('/api/fleet/cluster/health-check?probe=true');
  if (flags.json) {
    const cluster = await server.get<Record<string, unknown>>('/api/fleet/cluster/status');
    printJson({ ...cluster, health });
  } else printHealth(health);
  if (health.overall === 'critical')
    throw new AtlasError('check_failed', 'the cluster is in a critical state', {
      hint: 'do what stands behind the critical findings',
    });
}

function printHealth(health: Health): void {
  print(shown(health.verdict));
  for (const { severity, sentence, mend } of health.findings)
    print(shown(`  ${severity}: ${sentence} ${mend}`));
  if (health.refusals.length > 0) print('Refused records:');
  for (const refused of health.refusals) {
    print(shown(`  ${refused.last_at}  ${refused.code}  x${refused.count}  ${refused.sentence}`));
  }
}

async function inspect(key: string, flags: Flags): Promise<void> {
  const server = await runningServer(flags);
  const answer = await server.get<{ text: string | null; sentence: string; code: string | null }>(
    `/api/fleet/cluster/inspect?key=${encodeURIComponent(key)}`,
  );
  if (flags.json) return printJson(answer);
  if (answer.text !== null) print(JSON.stringify(parsed(answer.text), null, 2));
  print(answer.code === null ? answer.sentence : `${answer.code}: ${answer.sentence}`);
}

/** Shown as JSON in either case, so that no byte of it reaches the terminal as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
