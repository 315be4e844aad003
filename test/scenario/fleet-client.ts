/** Asks a running server over HTTP, with a token or without: shapes are those of src/http/shapes. */
import type { HealthCheckView } from '../../src/services/cluster/cluster-view.ts';
import type { NodeView } from '../../src/services/cluster/node-view.ts';

/** Milliseconds for one answer, on a machine that is busy with other tests. */
const ANSWER_MS = 60_000;

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly hint?: string;
  readonly instance: string;
  readonly request_id: string;
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export class FleetClient {
  readonly url: string;
  readonly #token: () => string | undefined;
  readonly #fetch: Fetch;

  /** `by`: another way than the network. */
  constructor(url: string, token: () => string | undefined = () => undefined, by: Fetch = fetch) {
    this.url = url;
    this.#token = token;
    this.#fetch = by;
  }

  /** The answer as it came; rejects only when there is none. */
  ask(path: string, request: RequestInit = {}): Promise<Response> {
    const headers = new Headers(request.headers);
    const token = this.#token();
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    return this.#fetch(this.url + path, {
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
      ...request,
      headers,
    });
  }

  async get<T>(path: string): Promise<T> {
    const response = await this.ask(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async nodes(): Promise<NodeView[]> {
    return (await this.get<{ nodes: NodeView[] }>('/api/fleet/cluster/nodes')).nodes;
  }

  health(): Promise<HealthCheckView> {
    return this.get('/api/fleet/cluster/health-check');
  }
}
