/** What a person asks and orders where trust is concerned, at one server, over HTTP (src/http/routes/{roster,rotation}.ts). */
import type { RosterView } from '../../src/services/trust/roster-view.ts';
import type { RotationView } from '../../src/services/trust/rotation-view.ts';
import type { FleetClient, Problem } from './fleet-client.ts';

const AT = '/api/fleet/cluster';

export class TrustClient {
  readonly #client: FleetClient;

  constructor({ client }: { readonly client: FleetClient }) {
    this.#client = client;
  }

  roster(): Promise<RosterView> {
    return this.#client.get(`${AT}/roster`);
  }

  rotation(): Promise<RotationView> {
    return this.#client.get(`${AT}/rotation`);
  }

  /** Each rejects with the problem's code. */
  rotate(): Promise<void> {
    return this.#order('POST', 'rotation', { mode: 'routine' });
  }

  abandon(): Promise<void> {
    return this.#order('DELETE', 'rotation');
  }

  /** With the fingerprints that this server shows now. */
  async rotateAfterCompromise(kept: readonly string[]): Promise<void> {
    const { members } = await this.roster();
    const keep = members
      .filter(({ node_id }) => kept.includes(node_id))
      .map(({ node_id, fingerprint }) => ({ node_id, fingerprint }));
    await this.#order('POST', 'rotation', { mode: 'compromise', keep });
  }

  remove(name: string): Promise<void> {
    return this.#order('POST', 'remove', { node_id: name });
  }

  evict(name: string): Promise<void> {
    return this.#order('POST', 'evict', { node_id: name });
  }

  choose(hash: string): Promise<void> {
    return this.#order('POST', 'choose', { hash });
  }

  async #order(method: string, act: string, body?: object): Promise<void> {
    const response = await this.#client.ask(`${AT}/${act}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (response.ok) return;
    const { code, detail } = (await response.json()) as Problem;
    throw new Error(`${code}: ${detail}`);
  }
}
