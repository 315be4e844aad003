/** A person with a browser's means: logs in, enters the password again, orders packages and takes them home. */
import { createHash } from 'node:crypto';
import type { BuildView } from '../../src/services/packages/package-records.ts';
import { fetchOwnTls } from './own-tls.ts';

export type PackageRoute = 'build-cluster-package' | 'build-standalone-package' | 'build-agent-package';

export interface TakenPackage {
  readonly buildId: string;
  readonly bytes: Buffer;
}

export class Administrator {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #password: string;

  private constructor(url: string, headers: Readonly<Record<string, string>>, password: string) {
    this.#url = url;
    this.#headers = headers;
    this.#password = password;
  }

  static logIn(url: string, username: string, password: string): Promise<Administrator> {
    return Administrator.#enter(url, 'login', { username, password });
  }

  /** The first one, by the code of a new server. */
  static setUp(
    url: string,
    who: { readonly code: string; readonly username: string; readonly password: string },
  ): Promise<Administrator> {
    return Administrator.#enter(url, 'setup', who);
  }

  static async #enter<Body extends { readonly password: string }>(
    url: string,
    by: 'login' | 'setup',
    body: Body,
  ): Promise<Administrator> {
    const answer = await fetchOwnTls(`${url}/api/fleet/${by}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.status !== 200) throw new Error(`${by}: ${answer.status} ${await answer.text()}`);
    const { csrf_token } = (await answer.json()) as { csrf_token: string };
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    return new Administrator(url, { cookie, 'x-csrf-token': csrf_token }, body.password);
  }

  /** Throws with the problem unless the file arrives whole and is recorded as it arrived. */
  async build(route: PackageRoute, order: object): Promise<TakenPackage> {
    await this.#post('password/confirm', { password: this.#password });
    const answer = await this.#post(route, order);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const buildId = answer.headers.get('x-atlas-package') ?? '';
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const recorded = await this.record(buildId);
    if (recorded.sha256 !== sha256) throw new Error(`${route}: ${sha256} arrived of ${recorded.sha256}`);
    return { buildId, bytes };
  }

  async record(buildId: string): Promise<BuildView> {
    const url = `${this.#url}/api/fleet/packages/${buildId}`;
    const answer = await fetchOwnTls(url, { headers: this.#headers });
    return (await answer.json()) as BuildView;
  }

  async #post(path: string, body: object): Promise<Response> {
    const answer = await fetchOwnTls(`${this.#url}/api/fleet/${path}`, {
      method: 'POST',
      headers: { ...this.#headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}
