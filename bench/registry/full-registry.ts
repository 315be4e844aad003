/** A real Redis with the signed records of so many nodes in it, and one node that looks at them. */
import { systemClock, unixSeconds } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { Cluster } from '../../src/services/cluster/cluster.ts';
import { PasswordWatch } from '../../src/services/trust/password-watch.ts';
import { RedisMemberStore } from '../../src/store/redis/member-store.ts';
import type { RedisServer } from '../../test/backends/redis.ts';
import { KEYRING, Signer } from '../../test/protocol/signer.ts';

/** Milliseconds; a pace at which no beat falls by itself into what is measured. */
const PACE = { intervalMs: 600_000, timeoutMs: 1_800_000 };
/** Newcomers are met 64 at a time. */
const LOOKS_TO_MEET_ALL = 6;

export function openStore(port: number, nodeId: string): RedisMemberStore {
  return RedisMemberStore.open({
    endpoint: { kind: 'single', host: '127.0.0.1', port },
    db: 0,
    username: null,
    password: null,
    tls: null,
    nodeId,
    clock: systemClock,
    log: silentLog,
  });
}

/** Names of `count` peers, each of which has written its two records as it would itself. */
export async function enrolPeers(redis: RedisServer, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, i) => `peer-${String(i).padStart(3, '0')}`);
  const timestamp = unixSeconds(systemClock);
  const order = { timestamp, incarnation: timestamp * 1000, sequence: 1 };
  for (const name of names) {
    const signer = new Signer(name);
    const store = openStore(redis.port, name);
    await store.putOwn({ node: signer.node(order), heartbeat: signer.heartbeat(order) });
    await store.close();
  }
  return names;
}

/** A node that knows all peers, by way of `port`, which may be that of a slower way to the same Redis. */
export async function joinAsObserver(port: number, peers: number): Promise<Cluster> {
  const signer = new Signer('observer');
  const cluster = new Cluster({
    store: openStore(port, signer.nodeId),
    clock: systemClock,
    log: silentLog,
    keyring: KEYRING,
    nodeId: signer.nodeId,
    signingKey: signer.key,
    ...PACE,
    clockToleranceSeconds: 5,
    rosterStores: null,
    rosterTerms: {
      admission: 'secret',
      level: 2,
      pins: [],
      secretRest: { keyId: KEYRING.signing.keyId, write: () => undefined },
      sealingKey: signer.sealing,
      passwords: new PasswordWatch({
        marks: { load: async () => null, keep: async () => undefined },
        passwords: { redis: null, postgres: null },
        log: silentLog,
      }),
    },
    describe: () => signer.nodeBody(),
    reportsPerMinute: () => 0,
    nextIncarnation: async () => systemClock.wallMs(),
    onChange: () => undefined,
    onOwnStep: () => undefined,
  });
  await cluster.start();
  cluster.watch.stop(); // from here on it looks only when it is told to
  for (let look = 0; look < LOOKS_TO_MEET_ALL; look += 1) await cluster.watch.refresh();
  const met = cluster.watch.members().length;
  if (met !== peers) throw new Error(`met ${met} of ${peers} peers`);
  return cluster;
}
