/**
 * What an answer to a report means. Only one answer is an acknowledgement; a report is given up only when the
 * server says that this very report will never be taken, and everything else (a proxy, a captive portal, a wrong
 * key, a server that is ill) keeps it.
 */

/** Seconds; a server that asks for more is asked again after this. Arbitrary. */
export const RETRY_AFTER_MAX_SECONDS = 3600;

/** RFC 9110, section 5.6.7; Date.parse alone takes almost anything for a date. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

export interface RawAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

export type Verdict =
  | { readonly kind: 'accepted' }
  /** For good: the server will say the same of these bytes tomorrow. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'kept'; readonly reason: string; readonly retryAfterMs: number | undefined };

/** Statuses that can be about the report itself. 401 and 403 are about us, 404 and 5xx about the server. */
const ABOUT_THE_REPORT: ReadonlySet<number> = new Set([400, 413, 422]);
/** Problem codes under these statuses that are not about the report. */
const ABOUT_THE_WAY: ReadonlySet<string> = new Set(['tls_required']);

/** `nowMs`: Unix ms, for a Retry-After that is a date. */
export function judgeAnswer({ status, retryAfter, body }: RawAnswer, nowMs: number): Verdict {
  const content = parseObject(body);
  if (status === 200 && content?.status === 'ok' && content.e2ee_verified === true)
    return { kind: 'accepted' };
  const code = typeof content?.code === 'string' ? content.code : undefined;
  const reason = code === undefined ? `status ${status}` : `status ${status} ${code}`;
  const own = content !== undefined && !ABOUT_THE_WAY.has(code ?? '');
  if (ABOUT_THE_REPORT.has(status) && (own || status === 413)) return { kind: 'refused', reason };
  return { kind: 'kept', reason, retryAfterMs: parseRetryAfter(retryAfter, nowMs) };
}

function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  const ms =
    seconds === undefined && HTTP_DATE.test(text) ? Date.parse(text) - nowMs : (seconds ?? Number.NaN) * 1000;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_SECONDS * 1000);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // not JSON: not one of our servers speaks
  }
}
