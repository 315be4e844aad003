/**
 * What a text of config.yaml sets that anybody may see: whom it reports to or joins, where it listens. For a package, which
 * is read far from where its configuration will count: what is wrong in it is passed over here, and said there.
 */
import type { Secret } from '../base/secret.ts';
import { readTicket } from '../protocol/ticket.ts';
import { readDocument } from './document.ts';
import type { Plain } from './kind.ts';
import { CONFIG_MAX_BYTES } from './private-file.ts';
import { type KeyPath, rowOf } from './schema.ts';
import { fromFile } from './source.ts';

export interface OpenSetting {
  /** As in `agent.servers`. */
  readonly key: string;
  /** As the file would spell it. */
  readonly value: string;
}

/** In the order in which they stand there. Of secrets, nothing; of a ticket, the servers that it leads to. */
export function openSettings(config: Secret): OpenSetting[] {
  if (config.reveal().length > CONFIG_MAX_BYTES) return [];
  const document = readDocument('config.yaml', config.revealText());
  if (!document.ok) return [];
  return fromFile(document.sections, '/').candidates.flatMap(({ key, plain }) => {
    const value = openValue(key, plain);
    return value === null ? [] : [value];
  });
}

function openValue(key: KeyPath, plain: Plain): OpenSetting | null {
  if (key === 'cluster.join_ticket') return typeof plain === 'string' ? serversOf(plain) : null;
  const { kind, view } = rowOf(key);
  if (view !== 'open' || plain === null) return null;
  const reading = kind.read(plain, '/');
  if (!reading.ok) return null;
  const { value } = reading;
  return { key, value: kind.toText?.(value) ?? (Array.isArray(value) ? value.join(', ') : String(value)) };
}

function serversOf(ticket: string): OpenSetting | null {
  const reading = readTicket(ticket);
  if (!reading.ok) return null;
  const servers = reading.ticket.servers.map(({ url }) => url);
  return { key: 'cluster.join_ticket leads to', value: servers.join(', ') };
}
