/**
 * Can this page be believed? The rule behind the truth bar: how old is what it shows, did a server answer, are
 * all servers well. A pure function of what the page holds; it never says "live" about data that has stopped.
 */
import type { ApiError, HealthCheck } from './api.ts';
import { clockTime, span } from './quantities.ts';

/** Three polls missed, and the data is old. */
export const OLD_AFTER_MS = 15_000;

export interface Evidence {
  readonly nowMs: number;
  /** When the oldest figures on the page were read; undefined before the first answer. */
  readonly readAtMs: number | undefined;
  readonly failure: Pick<ApiError, 'code' | 'title'> | undefined;
  readonly health: HealthCheck | undefined;
}

export interface Truth {
  readonly tone: 'good' | 'warn' | 'bad' | 'idle';
  readonly headline: string;
  /** Whether age and server may be told behind the headline. */
  readonly live: boolean;
  readonly servers: string | null;
  /** True of the installation, whatever the age of the data; undefined when there is none. */
  readonly alarm: string | undefined;
}

/** Servers that were told to leave are not missed. */
const expected = (health: HealthCheck) =>
  health.nodes.filter((node) => node.state !== 'left' && node.state !== 'evicted');

function serversInWords(health: HealthCheck): { sentence: string; whole: boolean } {
  if (!health.cluster_enabled) return { sentence: 'single server', whole: true };
  const nodes = expected(health);
  const healthy = nodes.filter((node) => node.state === 'healthy').length;
  const { state } = health.backend;
  const servers = `${healthy} of ${nodes.length} ${nodes.length === 1 ? 'server' : 'servers'} healthy`;
  return {
    sentence: state === 'available' ? servers : `${servers}, backend ${state}`,
    whole: healthy === nodes.length && state === 'available',
  };
}

function headline({ nowMs, readAtMs, failure }: Evidence): Pick<Truth, 'tone' | 'headline' | 'live'> {
  if (readAtMs === undefined) {
    return failure
      ? { tone: 'bad', headline: failure.title, live: false }
      : { tone: 'idle', headline: 'Asking the server …', live: false };
  }
  const ageMs = nowMs - readAtMs;
  if (failure?.code === 'unreachable') {
    const known = `showing what was known at ${clockTime(readAtMs)}`;
    return { tone: 'bad', headline: `Cannot reach any server – ${known}`, live: false };
  }
  if (failure || ageMs > OLD_AFTER_MS) {
    const reason = failure ? failure.title : 'waiting for an answer';
    return { tone: 'warn', headline: `Data is ${span(ageMs / 1000)} old: ${reason}`, live: false };
  }
  return { tone: 'good', headline: 'Live', live: true };
}

export function truth(evidence: Evidence): Truth {
  const { health } = evidence;
  const said = headline(evidence);
  if (!health) return { ...said, servers: null, alarm: undefined };
  const servers = serversInWords(health);
  return {
    ...said,
    tone: said.tone === 'good' && !servers.whole ? 'warn' : said.tone,
    servers: servers.sentence,
    alarm:
      health.cluster_enabled && !health.security.enabled
        ? 'Cluster authentication is off: any program that reaches the backend can pose as a server.'
        : undefined,
  };
}
