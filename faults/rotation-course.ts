/**
 * A rotation of the cluster secret as seen from outside: how far each server says it is, over its control socket, and
 * which secret rests in its config.yaml.
 */
import { controlClient } from '../src/cli/control-socket.ts';
import { keyIdOf, parseSecret } from '../src/protocol/keyring.ts';
import type { RotationView } from '../src/services/trust/rotation-view.ts';
import type { LiveServer } from '../test/scenario/live-cluster.ts';
import { until } from './signs.ts';
import { clusterSecretOf } from './stand.ts';

const PATH = '/api/fleet/cluster/rotation';

/** Resolves when the new secret is in the roster, sealed for every member. */
export async function beginRotation({ dataDir }: LiveServer): Promise<void> {
  await controlClient(dataDir).post(PATH, { mode: 'routine' });
}

export class RotationCourse {
  /** A key id: of the secret that is to go. */
  readonly #leaving: string;
  readonly #limitMs: number;
  readonly #beganAtMs = performance.now();

  private constructor(leaving: string, limitMs: number) {
    this.#leaving = leaving;
    this.#limitMs = limitMs;
  }

  /** Before it is begun. `limitMs`: after so long what has not come never comes. */
  static async before(server: LiveServer, limitMs: number): Promise<RotationCourse> {
    return new RotationCourse((await viewOf(server)).key_id, limitMs);
  }

  /** Seconds from then until the last of them signs with the new secret; NaN: never. */
  async allSign(servers: readonly LiveServer[], sinceMs = this.#beganAtMs): Promise<number> {
    return this.#last(servers, sinceMs, ({ key_id }) => key_id !== this.#leaving);
  }

  /** Seconds until the last of them refuses the old secret; NaN: never. */
  async retired(servers: readonly LiveServer[]): Promise<number> {
    const isOver = ({ key_id, phase }: RotationView) => key_id !== this.#leaving && phase === null;
    return this.#last(servers, this.#beganAtMs, isOver);
  }

  /** How many of them would begin with another secret than they sign with, or with the old one. */
  async unkept(servers: readonly LiveServer[]): Promise<number> {
    const kept = servers.map((server) => this.#isKept(server));
    return (await Promise.all(kept)).filter((isKept) => !isKept).length;
  }

  async #isKept(server: LiveServer): Promise<boolean> {
    const parsed = parseSecret(clusterSecretOf(server));
    const keyId = parsed.ok ? keyIdOf(parsed.secret) : '';
    return keyId !== this.#leaving && keyId === (await viewOf(server)).key_id;
  }

  async #last(
    servers: readonly LiveServer[],
    sinceMs: number,
    isThere: (view: RotationView) => boolean,
  ): Promise<number> {
    const signal = AbortSignal.timeout(this.#limitMs);
    const look = (server: LiveServer) => () => viewOf(server).then(isThere, () => false);
    const moments = await Promise.all(servers.map((server) => until(look(server), signal)));
    return (Math.max(...moments) - sinceMs) / 1000;
  }
}

function viewOf({ dataDir }: LiveServer): Promise<RotationView> {
  return controlClient(dataDir).get<RotationView>(PATH);
}
