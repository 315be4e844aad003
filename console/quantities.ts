/**
 * Figures in words: bytes, percentages, ages, times, addresses. Sizes are decimal, as macOS shows them. A figure that is
 * not known is a dash, never a zero.
 */

const UNKNOWN = '–';
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  let rest = Math.max(0, value);
  let unit = 0;
  while (rest >= 999.5 && unit < BYTE_UNITS.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 99.95 ? 0 : 1;
  return `${Number(rest.toFixed(digits))} ${BYTE_UNITS[unit]}`;
}

export function bytesPerSecond(value: number | null | undefined): string {
  const size = bytes(value);
  return size === UNKNOWN ? size : `${size}/s`;
}

export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return value > 0 && value < 9.95 ? `${value.toFixed(1)} %` : `${Math.round(value)} %`;
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : value.toLocaleString('en-GB');
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in its largest unit: "48 s", "3 min", "5 h", "12 d". */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 2 * MINUTE) return `${whole} s`;
  if (whole < 2 * HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < 2 * DAY) return `${Math.floor(whole / HOUR)} h`;
  return `${Math.floor(whole / DAY)} d`;
}

/** The two largest units: "12 d 4 h". */
export function longSpan(seconds: number | null): string {
  if (seconds === null) return UNKNOWN;
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / DAY);
  const hours = Math.floor((whole % DAY) / HOUR);
  const minutes = Math.floor((whole % HOUR) / MINUTE);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${whole} s`;
}

export function ago(seconds: number): string {
  return seconds < 1 ? 'just now' : `${span(seconds)} ago`;
}

export function signedSeconds(seconds: number | null): string {
  if (seconds === null) return UNKNOWN;
  const digits = Math.abs(seconds) < 10 ? 1 : 0;
  const rounded = Number(seconds.toFixed(digits));
  if (rounded === 0) return '0 s';
  return `${rounded > 0 ? '+' : '−'}${Math.abs(rounded).toFixed(digits)} s`;
}

/** An address that can be pasted: IPv6 wants its brackets, and a port that is not known is left out. */
export function hostAndPort(host: string, port: number): string {
  if (host === '') return UNKNOWN;
  const literal = host.includes(':') ? `[${host}]` : host;
  return port > 0 ? `${literal}:${port}` : literal;
}

const FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const DATE_CLOCK = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

export type Instant = string | number;

const instant = (at: Instant) => new Date(at);

export const fullTime = (at: Instant): string => FULL.format(instant(at));
export const clockTime = (at: Instant): string => CLOCK.format(instant(at));
export const date = (at: Instant | null): string => (at === null ? UNKNOWN : DATE.format(instant(at)));
export const dateAndTime = (at: Instant): string => DATE_CLOCK.format(instant(at));
