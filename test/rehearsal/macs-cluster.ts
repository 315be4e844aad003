/** A live cluster that Macs can join: servers, Redis and PostgreSQL on a network of theirs, and an administrator. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MacNetwork } from '../mac/mac-network.ts';
import { MacStand } from '../mac/mac-stand.ts';
import { eventually } from '../scenario/eventually.ts';
import { FleetClient } from '../scenario/fleet-client.ts';
import { LiveCluster, type LiveServer, USER } from '../scenario/live-cluster.ts';
import { Administrator } from './administrator.ts';
import { fetchOwnTls } from './own-tls.ts';
import type { Release } from './release.ts';
import type { Secrets } from './secret-search.ts';
import { SharedBackends } from './shared-backends.ts';

/** Milliseconds for an installed server to be known to all. */
const SOON_MS = 120_000;
/** Longer than a busy machine keeps a server silent: nobody is to die here. */
const TIMEOUT_SECONDS = 20;

/** What runs on a Mac, as the others and the operator reach it. */
export interface InstalledServer {
  readonly mac: MacStand;
  readonly nodeId: string;
  readonly url: string;
  readonly client: FleetClient;
}

export class MacsCluster {
  readonly network: MacNetwork;
  readonly shared: SharedBackends;
  readonly live: LiveCluster;
  /** Of releases, packages and what is in them. */
  readonly folder: string;

  private constructor(network: MacNetwork, shared: SharedBackends, live: LiveCluster, folder: string) {
    this.network = network;
    this.shared = shared;
    this.live = live;
    this.folder = folder;
  }

  /** One server for each of these releases, which lie in `folder`. */
  static async start(folder: string, releases: readonly Release[]): Promise<MacsCluster> {
    const network = await MacNetwork.start();
    const shared = await SharedBackends.start(network.here);
    const live = await LiveCluster.start({
      servers: releases.length,
      timeoutSeconds: TIMEOUT_SECONDS,
      redis: shared.redis,
      databaseUrl: shared.databaseUrl,
      values: { 'server.host': network.here, 'server.tls': 'own', ...shared.values },
      each: releases.map(({ launcher, env }) => ({ launcher, env })),
    });
    return new MacsCluster(network, shared, live, folder);
  }

  static makeFolder(): string {
    return mkdtempSync(join(tmpdir(), 'atlas-rehearsal-'));
  }

  async stop(): Promise<void> {
    await this.live.stop();
    await this.shared.stop();
    await this.network.stop();
    rmSync(this.folder, { recursive: true });
  }

  get servers(): readonly LiveServer[] {
    return this.live.servers;
  }

  /** That its servers share, by what people call them in config.yaml. */
  get secrets(): Secrets {
    const { clusterSecret, apiKey, encryptionKey, dbEncryptionKey, passwordHash } = this.live.secrets;
    return {
      cluster_secret: clusterSecret,
      redis_password: this.shared.passwords.redis,
      database_password: this.shared.passwords.database,
      api_key: apiKey,
      web_password: passwordHash,
      encryption_key: encryptionKey,
      db_encryption_key: dbEncryptionKey,
    };
  }

  urlOf({ port }: LiveServer): string {
    return `https://${this.network.here}:${port}`;
  }

  administratorAt(server: LiveServer): Promise<Administrator> {
    return Administrator.logIn(this.urlOf(server), USER, this.live.secrets.password);
  }

  /** A Mac on their network, whose services really run. */
  async mac(name: string): Promise<MacStand> {
    const mac = await MacStand.start(this.network);
    mac.launchd({ really: true });
    mac.write('/var/db/stand-in/local-host-name', name);
    return mac;
  }

  /** As config.yaml on that Mac has it. */
  installedOn(mac: MacStand): InstalledServer {
    const config = mac.read('/Library/FleetServer/config.yaml');
    const nodeId = /^ {2}node_id: "(.*)"$/m.exec(config)?.[1] ?? '';
    const port = /^ {2}port: (\d+)$/m.exec(config)?.[1];
    const url = `https://${mac.address}:${port}`;
    return { mac, nodeId, url, client: new FleetClient(url, () => this.live.token, fetchOwnTls) };
  }

  /** Resolves when each of these sees each of these healthy and verified. */
  async settled(installed: readonly InstalledServer[]): Promise<void> {
    const running = this.servers.filter(({ process }) => process.isRunning);
    const all = [...running.map(({ name, client }) => ({ nodeId: name, client })), ...installed];
    for (const { nodeId, client } of all) {
      await eventually(`${nodeId} sees ${all.map((one) => one.nodeId).join(', ')}`, SOON_MS, async () => {
        const nodes = await client.nodes();
        return all.every((one) =>
          nodes.some(
            ({ node_id, state, signature }) =>
              node_id === one.nodeId && state === 'healthy' && signature === 'verified',
          ),
        );
      });
    }
  }
}
