/** What is said of a server that runs twice, on copies of one data folder: one finding a server, the same on all others. */
import { escapeControls } from '../base/log.ts';
import type { ServerAddress } from '../protocol/node-record.ts';
import type { Finding } from './finding.ts';

/** Where it speaks from, and where its twin is; null where that is not known. */
export interface TwinAddresses {
  readonly speaks: ServerAddress | null;
  readonly other: ServerAddress | null;
}

/** What makes a server of its own of the one that runs on a copied folder. */
export const APART =
  'give it a node_id of its own in config.yaml, remove identity.json and the folder roster from its data folder, and start it again (with a join ticket, where admission is by ticket)';

export function clonedFinding(nodeId: string, { speaks, other }: TwinAddresses): Finding {
  const places = new Set([speaks, other].flatMap((address) => (address === null ? [] : [shown(address)])));
  const at = places.size === 0 ? '' : ` at ${[...places].join(' and ')}`;
  // A machine that was restored beside the first names the same address.
  const voice = speaks === null || places.size === 1 ? 'One of them' : `The one at ${shown(speaks)}`;
  return {
    code: 'node_cloned',
    severity: 'critical',
    sentence: `${nodeId} runs twice${at}: its data folder was copied, or a restored machine runs beside the first. ${voice} speaks for ${nodeId}, the other is silent or will be.`,
    mend: `Stop one of the two. If the other is to be a server too: ${APART}. Then restart ${nodeId}.`,
  };
}

/** Of this server itself, which nobody hears any more. */
export function silencedFinding(nodeId: string, twin: ServerAddress | null): Finding {
  const there = twin === null ? 'elsewhere' : `at ${shown(twin)}`;
  return {
    code: 'silent_beside_twin',
    severity: 'critical',
    sentence: `This server is silent: another one ${there} runs as ${nodeId} on a copy of the same data folder, and the other servers hear that one. Reports are still taken here.`,
    mend: `Stop one of the two. If this one is the copy: ${APART}. If it is to stay: stop the one ${there}, and restart this one.`,
  };
}

function shown({ host, port }: ServerAddress): string {
  return escapeControls(`${host}:${port}`);
}
