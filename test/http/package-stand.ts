/** A server of a real cluster in this process, on a real Redis and a real PostgreSQL. What it packs is small and made up. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createConfig } from '../../src/config/config-file.ts';
import { type FreshValues, freshConfig } from '../../src/config/fresh-config.ts';
import type { RunningNode } from '../../src/node.ts';
import { generateSecretText } from '../../src/protocol/keyring.ts';
import { makeBackendFolder, removeBackendFolder } from '../backends/backend-folder.ts';
import { BackendsElsewhere } from '../backends/elsewhere.ts';
import { FakeLog } from '../fakes/log.ts';
import { FakeProgram } from '../fakes/program.ts';
import { controlFetch } from '../scenario/control-fetch.ts';
import { eventually } from '../scenario/eventually.ts';
import { FleetClient } from '../scenario/fleet-client.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { startNodeHere } from '../scenario/node-here.ts';

const READY_MS = 120_000;

export class PackageStand {
  readonly folder: string;
  readonly port: number;
  readonly secrets: Readonly<Record<string, string>>;
  readonly program = new FakeProgram();
  readonly log = new FakeLog();
  readonly #backends: BackendsElsewhere;
  #node: RunningNode | null = null;

  private constructor(
    folder: string,
    port: number,
    backends: BackendsElsewhere,
    secrets: Readonly<Record<string, string>>,
  ) {
    this.folder = folder;
    this.port = port;
    this.#backends = backends;
    this.secrets = secrets;
  }

  /** Resolves when it has founded its roster. */
  static async start(values: FreshValues = {}): Promise<PackageStand> {
    const folder = makeBackendFolder('packages');
    const backends = await BackendsElsewhere.start();
    const { redis } = backends;
    const secrets = {
      cluster_secret: generateSecretText(),
      api_key: generateSecretText(),
      encryption_key: generateSecretText(),
      db_encryption_key: generateSecretText(),
      redis_password: redis.password ?? '',
    };
    const port = await freePorts(1);
    createConfig(
      join(folder, 'config.yaml'),
      freshConfig({
        'server.host': '127.0.0.1',
        'server.port': port,
        'server.tls': 'own',
        'server.data_dir': join(folder, 'data'),
        'server.api_key': secrets.api_key,
        'server.encryption_key': secrets.encryption_key,
        'server.db_encryption_key': secrets.db_encryption_key,
        'database.url': backends.databaseUrl,
        'cluster.enabled': true,
        'cluster.backend': 'redis',
        'cluster.cluster_id': randomBytes(16).toString('hex'),
        'cluster.cluster_secret': secrets.cluster_secret,
        'cluster.redis_port': redis.port,
        'cluster.redis_password': secrets.redis_password,
        'cluster.heartbeat_interval': 1,
        'cluster.node_timeout': 5,
        'cluster.node_id': 'server-01',
        ...backends.values,
        ...values,
      }),
    );
    const stand = new PackageStand(folder, port, backends, secrets);
    await stand.#start();
    return stand;
  }

  /** As the local administrator. */
  get client(): FleetClient {
    return new FleetClient(
      `https://127.0.0.1:${this.port}`,
      () => undefined,
      controlFetch(join(this.folder, 'data')),
    );
  }

  post(path: string, body: object): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return this.client.ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async stop(): Promise<void> {
    await this.#node?.stop(0);
    await this.#backends.stop();
    removeBackendFolder(this.folder);
  }

  async #start(): Promise<void> {
    const { program, log } = this;
    this.#node = await startNodeHere(join(this.folder, 'config.yaml'), { program, log });
    await eventually('it has a roster', READY_MS, async () => {
      const answer = await this.client.ask('/api/fleet/cluster/roster');
      return answer.ok;
    });
  }
}
