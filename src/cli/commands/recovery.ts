/** What an eviction leaves to be done: who else may be the evicted one's, and the passwords that it still knows. */
import type { ControlClient } from '../control-client.ts';
import { say, shown } from '../terminal.ts';
import type { Roster } from './roster.ts';

/** The part of the API's answer that is shown. */
interface Report {
  readonly blast_radius: readonly {
    readonly code: string;
    readonly recover: readonly { readonly why: string; readonly command: string }[];
  }[];
}

/** Leaks of which the recovery changes what an evicted server still holds. */
const BACKENDS = ['database', 'registry'];

export async function sayWhomItAdmitted(server: ControlClient, evicted: string): Promise<void> {
  const { members } = await server.get<Roster>('/api/fleet/cluster/roster');
  const admitted = members.filter(({ admitted_by, this_node }) => admitted_by === evicted && !this_node);
  if (admitted.length === 0) return;
  const names = admitted.map(({ node_id }) => node_id);
  tell(`It had admitted ${names.join(', ')}. Whoever of them is not yours is its second name; evict it too:`);
  for (const name of names) tell(`  atlas-fleet cluster evict ${name}`);
}

/** Nothing where no backend has a password of its own: then there is nothing that it could still log in with. */
export async function sayWhatItStillKnows(server: ControlClient): Promise<void> {
  const { blast_radius } = await server.get<Report>('/api/fleet/cluster/security');
  const steps = BACKENDS.flatMap((backend) =>
    blast_radius.filter(({ code }) => code === backend).flatMap(({ recover }) => recover),
  );
  if (steps.length === 0) return;
  tell('Whoever is out still knows the passwords of the backends. Until they are changed it can act through');
  tell('the database, as an administrator too. The commands name the user of this server:');
  for (const { why, command } of steps) tell(`  ${command}\n      ${why}`);
}

function tell(text: string): void {
  say(text.split('\n').map(shown).join('\n'));
}
