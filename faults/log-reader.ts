/** What the servers wrote into their logs since a mark: as an operator would grep it, one JSON object a line. */
import type { LiveServer } from '../test/scenario/live-cluster.ts';

export interface LogLine {
  readonly server: string;
  /** Empty for what is no line of our log: the last words of a crash. */
  readonly event: string;
  readonly wallMs: number;
  readonly text: string;
}

export class LogReader {
  readonly #marks = new Map<string, number>();

  /** From here on. */
  constructor(servers: readonly LiveServer[]) {
    for (const { name, process } of servers) this.#marks.set(name, process.log().length);
  }

  lines({ name, process }: LiveServer): LogLine[] {
    const fresh = process.log().slice(this.#marks.get(name) ?? 0);
    return fresh
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => lineOf(name, text));
  }
}

function lineOf(server: string, text: string): LogLine {
  try {
    const { event, time } = JSON.parse(text) as { event?: string; time?: string };
    return { server, event: event ?? '', wallMs: Date.parse(time ?? ''), text };
  } catch {
    return { server, event: '', wallMs: Number.NaN, text };
  }
}

const MINUTE_MS = 60_000;

/** The most lines of one event that one server wrote within any minute. */
export function busiestMinute(lines: readonly LogLine[]): { event: string; lines: number } {
  let busiest = { event: '', lines: 0 };
  const groups = Map.groupBy(lines, ({ server, event }) => `${server} ${event}`);
  for (const group of groups.values()) {
    const times = group.map(({ wallMs }) => wallMs).sort((a, b) => a - b);
    times.forEach((from, index) => {
      const within = times.filter((time, other) => other >= index && time - from < MINUTE_MS).length;
      if (within > busiest.lines) busiest = { event: group[0]?.event ?? '', lines: within };
    });
  }
  return busiest;
}

/** How often any of these secrets stands in the text. */
export function secretsIn(text: string, secrets: readonly string[]): number {
  return secrets.reduce((count, secret) => count + text.split(secret).length - 1, 0);
}
