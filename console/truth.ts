/**
 * Can this page be believed? The rule behind the truth bar: how old is what it shows, did a server answer, is the
 * cluster well. A pure function of what the page holds; it never says "live" about data that has stopped, and is never
 * better than the verdict.
 */
import { counted } from '../src/base/counted.ts';
import type { ApiError, HealthCheck } from './api.ts';
import { clockTime, span } from './quantities.ts';
import { overallLook, verdictInShort } from './verdict.ts';

/** Three polls missed, and the data is old. */
export const OLD_AFTER_MS = 15_000;

export interface Evidence {
  readonly nowMs: number;
  /** When the oldest figures on the page were read; undefined before the first answer. */
  readonly readAtMs: number | undefined;
  readonly failure: Pick<ApiError, 'code' | 'title' | 'detail'> | undefined;
  readonly health: HealthCheck | undefined;
}

export interface Truth {
  readonly tone: 'good' | 'warn' | 'bad' | 'idle';
  readonly headline: string;
  /** What a screen reader hears of it: changes of what it means, and none of the seconds in it. */
  readonly spoken: string;
  /** Whether age and server may be told behind the headline. */
  readonly live: boolean;
  readonly servers: string | null;
  /** What the cluster suffers from, in a sentence; null where it is well, and where the alarm says it. */
  readonly verdict: string | null;
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
  const servers = `${healthy} of ${counted(nodes.length, 'server')} healthy`;
  return {
    sentence: state === 'available' ? servers : `${servers}, backend ${state}`,
    whole: healthy === nodes.length && state === 'available',
  };
}

type Age = Pick<Truth, 'tone' | 'headline' | 'spoken' | 'live'>;

function headline({ nowMs, readAtMs, failure }: Evidence): Age {
  if (readAtMs === undefined) {
    return failure
      ? { tone: 'bad', headline: failure.title, spoken: '', live: false }
      : { tone: 'idle', headline: 'Asking the server …', spoken: '', live: false };
  }
  const ageMs = nowMs - readAtMs;
  if (failure?.code === 'unreachable') {
    const known = `showing what was known at ${clockTime(readAtMs)}`;
    const text = `Cannot reach any server – ${known}`;
    return { tone: 'bad', headline: text, spoken: 'No server answers.', live: false };
  }
  if (failure || ageMs > OLD_AFTER_MS) {
    const reason = failure ? failure.detail : 'waiting for an answer';
    const text = `Data is ${span(ageMs / 1000)} old: ${reason}`;
    return { tone: 'warn', headline: text, spoken: 'The page has stopped updating.', live: false };
  }
  return { tone: 'good', headline: 'Live', spoken: '', live: true };
}

/** From the best to the worst. */
const TONES: readonly Truth['tone'][] = ['idle', 'good', 'warn', 'bad'];

const worst = (...tones: readonly Truth['tone'][]): Truth['tone'] =>
  TONES.findLast((tone) => tones.includes(tone)) ?? 'idle';

export function truth(evidence: Evidence): Truth {
  const { health } = evidence;
  const said = headline(evidence);
  if (!health) return { ...said, servers: null, verdict: null, alarm: undefined };
  const servers = serversInWords(health);
  const isOpen = health.cluster_enabled && !health.security.enabled;
  const { word, tone } = overallLook(health.overall);
  return {
    ...said,
    spoken: said.live && tone !== 'good' ? `The cluster: ${word}.` : said.spoken,
    tone: worst(said.tone, servers.whole ? 'good' : 'warn', tone),
    servers: servers.sentence,
    verdict: health.overall === 'healthy' || isOpen ? null : verdictInShort(health),
    alarm: isOpen
      ? 'Cluster authentication is off: any program that reaches the backend can pose as a server.'
      : undefined,
  };
}
