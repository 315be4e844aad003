import { describe, expect, it } from 'vitest';
import { judgeAnswer } from '../../src/agent/answer.ts';
import { START_MS } from '../fakes/clock.ts';

const judge = (status: number, body: string, retryAfter?: string) =>
  judgeAnswer({ status, body, retryAfter }, START_MS);
const problem = (code: string) => JSON.stringify({ code });

describe('judgeAnswer', () => {
  it('takes one answer for an acknowledgement', () => {
    expect(judge(200, '{"status":"ok","e2ee_verified":true}')).toEqual({ kind: 'accepted' });
  });

  it.each([
    ['a report that was not verified', 200, '{"status":"ok","e2ee_verified":false}', 'status 200'],
    ['verified as a word', 200, '{"status":"ok","e2ee_verified":"true"}', 'status 200'],
    ['another status word', 200, '{"status":"queued","e2ee_verified":true}', 'status 200'],
    ['the page of a captive portal', 200, '<html>Welcome</html>', 'status 200'],
    ['a list', 200, '[]', 'status 200'],
    ['null', 200, 'null', 'status 200'],
    ['201', 201, '{"status":"ok","e2ee_verified":true}', 'status 201'],
    ['a redirect', 302, '', 'status 302'],
    ['a wrong key', 401, problem('api_key_wrong'), 'status 401 api_key_wrong'],
    ['version 1 switched off', 403, problem('report_v1_off'), 'status 403 report_v1_off'],
    ['an address that is no fleet server', 404, problem('not_found'), 'status 404 not_found'],
    ['a timeout of a proxy', 408, '', 'status 408'],
    ['an error of the server', 500, problem('internal'), 'status 500 internal'],
    ['http spoken to a TLS port', 400, problem('tls_required'), 'status 400 tls_required'],
    ['a 400 that no fleet server wrote', 400, '<html>Bad Request</html>', 'status 400'],
  ])('keeps the report after %s', (_, status, body, reason) => {
    expect(judge(status, body)).toEqual({ kind: 'kept', reason, retryAfterMs: undefined });
  });

  it.each([
    ['report_refused', 400, problem('report_refused'), 'status 400 report_refused'],
    ['report_plain', 400, problem('report_plain'), 'status 400 report_plain'],
    ['the error of an older server', 400, '{"detail":"decryption failed"}', 'status 400'],
    ['a report that is too large', 413, problem('body_too_large'), 'status 413 body_too_large'],
    ['a report too large for a proxy', 413, '<html>Too large</html>', 'status 413'],
    ['a report of the wrong form', 422, '{}', 'status 422'],
  ])('gives the report up after %s', (_, status, body, reason) => {
    expect(judge(status, body)).toEqual({ kind: 'refused', reason });
  });

  it.each([
    ['seconds', '7', 7_000],
    ['a date', new Date(START_MS + 90_000).toUTCString(), 90_000],
    ['a date that has passed', new Date(START_MS - 90_000).toUTCString(), 0],
    ['a day', '86400', 3_600_000],
    ['a negative number', '-5', undefined],
    ['nonsense', 'soon', undefined],
  ])('reads Retry-After as %s', (_, retryAfter, retryAfterMs) => {
    expect(judge(503, problem('intake_busy'), retryAfter)).toMatchObject({ kind: 'kept', retryAfterMs });
  });
});
