/** `atlas-fleet package list|revoke`: which packages were built, who came by them, and the end of one that is lost. */
import { Command } from 'commander';
import type { PackagedKind } from '../../installer/product.ts';
import { administer } from '../administer.ts';
import { runningServer } from '../control-socket.ts';
import { type Flags, withFlags } from '../flags.ts';
import { printJson, printTable, say } from '../terminal.ts';

export const RECORDS_PATH = '/api/fleet/packages';
/** Told at a time; those before have to be asked for by the API. */
const LISTED = 50;
const SHORT_SUM_LENGTH = 12;

export interface Build {
  readonly build_id: string;
  readonly kind: PackagedKind;
  readonly file_name: string;
  readonly credentials: string;
  readonly signed: boolean;
  readonly contents: readonly { name: string; secret: boolean; fingerprint: string | null }[];
  readonly built_by: string;
  readonly built_at: string;
  readonly state: string;
  readonly sha256: string | null;
  readonly ticket: { readonly state: string; readonly expires_at: string } | null;
  readonly joined: readonly { readonly node_id: string; readonly by: string; readonly state: string }[];
}

export function recordCommands(): Command[] {
  return [
    withFlags(new Command('list'), 'server')
      .description('packages that were built, the newest first')
      .action(list),
    withFlags(new Command('revoke'), 'running server')
      .description('end the join ticket of a package that holds no other secret')
      .argument('<id>', 'its id, from package list')
      .action(revoke),
  ];
}

async function list(flags: Flags): Promise<void> {
  await administer(flags, async (server) => {
    const answer = await server.get<{ items: Build[]; next_cursor: string | null }>(
      `${RECORDS_PATH}?limit=${LISTED}`,
    );
    if (flags.json) return printJson(answer);
    const rows = answer.items.map((build) => [
      build.build_id,
      build.built_at,
      build.built_by,
      build.file_name,
      build.ticket === null ? build.credentials : `ticket ${build.ticket.state}`,
      build.state,
      build.sha256?.slice(0, SHORT_SUM_LENGTH) ?? '-',
      build.joined.map(joinedWords).join(', ') || '-',
    ]);
    printTable(['ID', 'BUILT', 'BY', 'FILE', 'CREDENTIALS', 'STATE', 'SHA-256', 'JOINED'], rows);
    if (answer.next_cursor !== null) say(`Older ones are left out: --json has a cursor for the API.`);
  });
}

const joinedWords = ({ node_id, by, state }: Build['joined'][number]) =>
  `${by === 'time' ? 'perhaps ' : ''}${node_id} ${state}`;

async function revoke(id: string, flags: Flags): Promise<void> {
  const server = await runningServer(flags);
  await server.post(`${RECORDS_PATH}/${encodeURIComponent(id)}/revoke`, {});
  say('Revoked: nobody can join by this package any more.');
}
