/**
 * The log: a fixed sentence, a stable event code and fields, one line each, through pino. Hostile text is
 * escaped (JSON strings in both formats), secrets are a type without a text form (secret.ts), and what comes
 * too often is said once and then counted.
 */
import { pino } from 'pino';
import type { Clock } from './clock.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, sentence: string, fields?: Fields): void;
  info(event: string, sentence: string, fields?: Fields): void;
  warn(event: string, sentence: string, fields?: Fields): void;
  error(event: string, sentence: string, fields?: Fields): void;
}

export interface LogOptions {
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  format: 'text' | 'json';
  /** Fields on every line, such as node_id. */
  fields?: Fields;
  /** Where complete lines go; stdout unless given. */
  write?: (line: string) => void;
}

const toStdout = (line: string) => void process.stdout.write(line);

export function openLog(options: LogOptions): Log {
  const write = options.write ?? toStdout;
  const destination = { write: options.format === 'json' ? write : (line: string) => write(asText(line)) };
  const logger = pino(
    {
      level: options.level,
      base: { ...options.fields },
      messageKey: 'msg',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err },
    },
    destination,
  );
  return {
    debug: (event, sentence, fields) => logger.debug({ event, ...fields }, sentence),
    info: (event, sentence, fields) => logger.info({ event, ...fields }, sentence),
    warn: (event, sentence, fields) => logger.warn({ event, ...fields }, sentence),
    error: (event, sentence, fields) => logger.error({ event, ...fields }, sentence),
  };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** "2026-11-21T20:30:00.000Z INFO  Registered node in cluster: n1  state=healthy": for people and for grep. */
function asText(line: string): string {
  const { level, time, msg, event, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${asField(value)}`);
  const head = `${time} ${String(level).toUpperCase().padEnd(5)} ${escapeControls(String(msg))}`;
  return shown.length === 0 ? `${head}\n` : `${head}  ${shown.join(' ')}\n`;
}

const BARE = /^[A-Za-z0-9._:/@+-]+$/;

function asField(value: unknown): string {
  if (typeof value === 'string' && BARE.test(value)) return value;
  return escapeControls(JSON.stringify(value) ?? 'null');
}

/** No byte of a name somebody else chose may move the cursor, start a new line or reverse the text direction. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Says a repeated thing once, then at most once each interval with the number of times it happened between.
 * At most MAX_KEYS things are kept apart; what is beyond is counted together until one of them has been quiet.
 */
export class RateLimitedLog {
  static readonly INTERVAL_MS = 60_000;
  static readonly MAX_KEYS = 256;
  readonly #clock: Clock;
  readonly #said = new Map<string, { at: number; unsaid: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `say` with how often this happened since it was last said, or not at all. */
  once(key: string, say: (times: number) => void): void {
    const now = this.#clock.monotonicMs();
    if (!this.#said.has(key) && this.#said.size >= RateLimitedLog.MAX_KEYS) this.#forgetQuiet(now);
    const slot = this.#said.has(key) || this.#said.size < RateLimitedLog.MAX_KEYS ? key : '';
    const last = this.#said.get(slot);
    if (last !== undefined && now - last.at < RateLimitedLog.INTERVAL_MS) {
      last.unsaid += 1;
      return;
    }
    this.#said.set(slot, { at: now, unsaid: 0 });
    say((last?.unsaid ?? 0) + 1);
  }

  /** What was last said longer ago than the interval, with nothing held back since. */
  #forgetQuiet(now: number): void {
    for (const [key, { at, unsaid }] of this.#said) {
      if (unsaid === 0 && now - at >= RateLimitedLog.INTERVAL_MS) this.#said.delete(key);
    }
  }
}
