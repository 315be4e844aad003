/** An answer that refuses: problem+json (RFC 9457) with all its members, and nothing of the program's inside. */
import { expect } from 'vitest';
import type { Problem } from '../scenario/fleet-client.ts';

/** What a stack trace, a path of ours or a library's own error would look like. */
const INSIDES = /\bat [\w.<>]+ \(|node_modules|\/src\/|\.ts:\d|FST_ERR|SQLITE_|Error:/;

export async function expectProblem(
  answer: Response,
  status: number,
  code: string,
  detail?: string,
): Promise<Problem> {
  const text = await answer.text();
  expect(`${answer.status} ${text}`).toMatch(new RegExp(`^${status} \\{`));
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(text).not.toMatch(INSIDES);
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject({
    type: `urn:atlas-fleet:problem:${code}`,
    title: expect.stringMatching(/^[A-Z]/),
    status,
    code,
    detail: detail ?? expect.stringMatching(/^[A-Z].*\.$/),
    instance: new URL(answer.url).pathname,
    request_id: answer.headers.get('x-request-id') ?? expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  return problem;
}
