/**
 * The only door to the server: one typed function per call, same origin, the session's cookie, and the CSRF
 * token on every change. Whatever goes wrong arrives as an ApiError with words for a person; types come from the
 * server's own schemas, and none of their code is bundled.
 */
import type { z } from 'zod';
import type * as accountShapes from '../src/http/shapes/accounts.ts';
import type * as auditShapes from '../src/http/shapes/audit.ts';
import type * as clusterShapes from '../src/http/shapes/cluster.ts';
import type * as machineShapes from '../src/http/shapes/machines.ts';
import type { problem } from '../src/http/shapes/problem.ts';
import type * as securityShapes from '../src/http/shapes/security.ts';

export type Machine = z.output<typeof machineShapes.machine>;
export type MachineStatus = z.output<typeof machineShapes.machineStatus>;
export type MachineList = Omit<z.output<typeof machineShapes.machineList>, 'next_cursor'>;
export type Series = z.output<typeof machineShapes.series>;
export type SeriesMetric = z.output<typeof machineShapes.seriesMetric>;
export type SessionInfo = z.output<typeof accountShapes.sessionInfo>;
export type SetupRequest = z.output<typeof accountShapes.setupRequest>;
export type PasswordChange = z.output<typeof accountShapes.passwordChange>;
export type TokenInfo = z.output<typeof accountShapes.tokenInfo>;
export type TokenCreate = z.output<typeof accountShapes.tokenCreate>;
export type TokenCreated = z.output<typeof accountShapes.tokenCreated>;
export type TokenScope = z.output<typeof accountShapes.tokenScope>;
export type AuditEntry = z.output<typeof auditShapes.auditEntry>;
export type AuditKind = z.output<typeof auditShapes.auditKind>;
export type AuditPage = z.output<typeof auditShapes.auditList>;
export type HealthCheck = z.output<typeof clusterShapes.healthCheck>;
export type ClusterNode = z.output<typeof clusterShapes.clusterNode>;
export type NodeState = z.output<typeof clusterShapes.nodeState>;
export type SecurityReport = z.output<typeof securityShapes.securityReport>;
export type SecurityLine = z.output<typeof securityShapes.securityLine>;
export type BlastRadius = z.output<typeof securityShapes.blastRadius>;
export type Finding = z.output<typeof clusterShapes.finding>;
type Problem = z.output<typeof problem>;
type MachinePage = z.output<typeof machineShapes.machineList>;
type TokenList = z.output<typeof accountShapes.tokenList>;

const REQUEST_TIMEOUT_MS = 10_000;
const MACHINES_PER_PAGE = 500;
/** A list longer than this is not shown whole; it also ends a cursor that never ends. */
const MACHINE_PAGES_MAX = 40;

/** Code of an ApiError for which no server answered at all. */
export const UNREACHABLE = 'unreachable';

interface Complaint {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly hint?: string | undefined;
  readonly status: number;
  readonly requestId?: string | undefined;
  readonly fields?: Problem['errors'];
}

export class ApiError extends Error {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly hint: string | undefined;
  readonly status: number;
  readonly requestId: string | undefined;
  readonly fields: readonly { pointer: string; message: string }[];

  constructor(complaint: Complaint, options?: ErrorOptions) {
    super(complaint.detail, options);
    this.name = 'ApiError';
    this.code = complaint.code;
    this.title = complaint.title;
    this.detail = complaint.detail;
    this.hint = complaint.hint;
    this.status = complaint.status;
    this.requestId = complaint.requestId;
    this.fields = complaint.fields ?? [];
  }
}

/** The server that answered last, and how far its clock is ahead of ours. */
interface LastAnswer {
  readonly node: string | null;
  readonly clockAheadMs: number;
}

let csrfToken = '';
let last: LastAnswer = { node: null, clockAheadMs: 0 };

export function lastAnswer(): LastAnswer {
  return last;
}

/** The server's time, as near as the Date header tells: the pages count in its clock, not in the browser's. */
export function serverNow(): number {
  return Date.now() + last.clockAheadMs;
}

/** The Date header has whole seconds, so that a smaller difference means nothing. */
const CLOCK_RESOLUTION_MS = 2_000;

function remember(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '');
  const ahead = date - Date.now();
  last = {
    node: response.headers.get('x-atlas-node') ?? last.node,
    clockAheadMs: Math.abs(ahead) > CLOCK_RESOLUTION_MS ? ahead : 0,
  };
}

async function complaint(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/problem+json')) {
    const problem = (await response.json()) as Problem;
    return new ApiError({ ...problem, requestId: problem.request_id, fields: problem.errors });
  }
  return new ApiError({
    code: `http_${response.status}`,
    title: `Answered with status ${response.status}`,
    detail: `Something answered with status ${response.status}, but not in the words of Atlas Fleet.`,
    hint: 'A proxy or load balancer in between may have answered; its log tells more.',
    status: response.status,
    requestId,
  });
}

/** Set while a change of password ends this session and begins the next. */
let renewal: Promise<unknown> | undefined;

/** Whether the same request may succeed now, under a session that is newer than the one it was sent with. */
async function renewed(error: ApiError): Promise<boolean> {
  // Another tab has signed in since: the cookie is shared, the token for changes is not.
  if (error.code === 'csrf_failed') return (await session()) !== null;
  if (error.status !== 401 || !renewal) return false;
  await renewal.catch(() => undefined);
  return true;
}

interface CallOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Do not ask a second time, whatever the answer. */
  readonly once?: boolean;
  /** It may take as long as it takes; `signal` ends it. */
  readonly isLong?: boolean;
}

export async function call<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
  const response = await ask(path, options);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

/** An answer that is no refusal, with its body still to be read. */
export async function ask(path: string, options: CallOptions): Promise<Response> {
  const { method = 'GET', body, signal, once = false, isLong = false } = options;
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
  if (method !== 'GET') headers['x-csrf-token'] = csrfToken;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const deadline = isLong ? undefined : AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(`/api/fleet${path}`, {
      method,
      headers,
      credentials: 'same-origin',
      signal: AbortSignal.any([signal, deadline].filter((end) => end !== undefined)),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(
      {
        code: UNREACHABLE,
        title: 'No server answers',
        detail: deadline?.aborted
          ? 'No server answered within 10 seconds.'
          : 'The request did not reach any server.',
        hint: 'Check that a server runs and that this computer can reach it.',
        status: 0,
      },
      { cause },
    );
  }
  remember(response);
  if (!response.ok) {
    const error = await complaint(response);
    if (!once && (await renewed(error))) return ask(path, { ...options, once: true });
    throw error;
  }
  return response;
}

function begin(session: SessionInfo): SessionInfo {
  csrfToken = session.csrf_token;
  return session;
}

/** Null when nobody is signed in. */
export async function session(signal?: AbortSignal): Promise<SessionInfo | null> {
  try {
    return begin(await call<SessionInfo>('/session', { signal }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export async function login(username: string, password: string): Promise<SessionInfo> {
  return begin(
    await call<SessionInfo>('/login', { method: 'POST', body: { username, password }, once: true }),
  );
}

export async function setup(body: SetupRequest): Promise<SessionInfo> {
  return begin(await call<SessionInfo>('/setup', { method: 'POST', body, once: true }));
}

export function logout(): Promise<void> {
  return call('/logout', { method: 'POST' });
}

/** The server ends all sessions of the user and gives this page a new one, with a new token for changes. */
export async function changePassword(body: PasswordChange): Promise<void> {
  renewal = call('/password', { method: 'POST', body, once: true });
  try {
    await renewal;
  } finally {
    renewal = undefined;
  }
  await session();
}

export async function machines(signal?: AbortSignal): Promise<MachineList> {
  // A machine that moves between pages while they are read must not stand twice.
  const found = new Map<string, Machine>();
  let cursor: string | null = null;
  let page: MachinePage;
  let pages = 0;
  do {
    const query = new URLSearchParams({ limit: String(MACHINES_PER_PAGE) });
    if (cursor !== null) query.set('cursor', cursor);
    page = await call<MachinePage>(`/machines?${query}`, { signal });
    for (const machine of page.items) found.set(machine.machine_id, machine);
    cursor = page.next_cursor;
    pages += 1;
  } while (cursor !== null && pages < MACHINE_PAGES_MAX);
  const { total, counts, thresholds, checked_at } = page;
  return { items: [...found.values()], total, counts, thresholds, checked_at };
}

export function machine(machineId: string, signal?: AbortSignal): Promise<Machine> {
  return call(`/machines/${encodeURIComponent(machineId)}`, { signal });
}

interface SeriesWindow {
  readonly metric: SeriesMetric;
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

export function series(machineId: string, window: SeriesWindow, signal?: AbortSignal): Promise<Series> {
  const query = new URLSearchParams(Object.entries(window).map(([name, value]) => [name, String(value)]));
  return call(`/machines/${encodeURIComponent(machineId)}/series?${query}`, { signal });
}

/** With `probe`, the server writes to the backend now and does not answer from its last check. */
export function healthCheck(signal?: AbortSignal, probe = false): Promise<HealthCheck> {
  return call(`/cluster/health-check${probe ? '?probe=1' : ''}`, { signal });
}

/** With `check`, the server runs its checks now and does not answer from the last time. */
export function securityReport(signal?: AbortSignal, check = false): Promise<SecurityReport> {
  return call(`/cluster/security${check ? '?check=1' : ''}`, { signal });
}

export async function tokens(signal?: AbortSignal): Promise<readonly TokenInfo[]> {
  return (await call<TokenList>('/tokens', { signal })).items;
}

export function createToken(body: TokenCreate): Promise<TokenCreated> {
  return call('/tokens', { method: 'POST', body });
}

export function revokeToken(tokenId: string): Promise<void> {
  return call(`/tokens/${encodeURIComponent(tokenId)}`, { method: 'DELETE' });
}

/** `cursor`: of the page before; null for the newest entries. `kind`: null for all. */
export function auditLog(
  { cursor, kind }: { readonly cursor: string | null; readonly kind: AuditKind | null },
  signal?: AbortSignal,
): Promise<AuditPage> {
  const query = new URLSearchParams({ ...(cursor && { cursor }), ...(kind && { kind }) });
  return call(`/audit?${query}`, { signal });
}
