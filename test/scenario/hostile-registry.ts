/**
 * A hostile hand in the registry of a live cluster, on any backend. Each record it leaves is refused with its own
 * code, counted and explained on the health page of every server, and logged; and what every server says of the
 * members is the same before, during and after.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECORD_TYPES } from '../../src/protocol/keyring.ts';
import type { RefusalView } from '../../src/services/cluster/refusal-view.ts';
import { eventually } from './eventually.ts';
import type { ClusterPlan, LiveCluster, LiveServer } from './live-cluster.ts';
import { nowSeconds, RecordForger, stolenKey } from './record-forger.ts';
import { afterBeat, fieldsOf, type Oddity, type RegistryIntruder, type Slot } from './registry-intruder.ts';
import { STRANGER_RECORDS } from './stranger-records.ts';
import { ViewWitness } from './view-witness.ts';

/** Milliseconds for a record to be read by all: two looks are an interval, the rest is for a busy machine. */
const READ_MS = 90_000;

const nodeOf = (nodeId: string): Slot => ({ type: 'node', nodeId });
const heartbeatOf = (nodeId: string): Slot => ({ type: 'heartbeat', nodeId });
const keyOf = ({ type, nodeId }: Slot) => `fleet:cluster:${type}:${nodeId}`;

/** What a person reads, by code. */
const SENTENCES: Readonly<Partial<Record<RefusalView['code'], RegExp>>> = {
  too_large: /holds more than a record can have\. No server of ours writes that/,
  malformed: /does not hold a record \(.+\)\. No server of ours writes that/,
  not_canonical: /in a spelling that no server writes/,
  unsupported_version: /speaks another version of the protocol\. Update the older server\./,
  wrong_cluster: /belongs to another cluster that shares this registry/,
  missing_signature: /is not signed\. Somebody without the cluster secret wrote it/,
  missing_timestamp: /has no time\. No server of ours writes that/,
  unknown_key: /signs with another cluster secret\. If it is yours, give it the cluster_secret of the others/,
  invalid_signature: /was changed after it was signed\. Somebody can write to the registry/,
  wrong_type: /holds a record of the other type\. Somebody moved it there/,
  wrong_slot: /holds a record of server-\d\d\. Somebody copied it there/,
  not_member: /is not believed: no node record vouches for this server/,
  bad_node_signature: /is signed by another server's key/,
  timestamp_future: /^The clock of \S+ is ahead: .+ This is not an attack; set the clock there/,
  timestamp_old: /^The last record of \S+ is old: .+ an old copy was put back/,
  replayed: /^An old record of \S+ lies in the registry/,
  clone: /^Two servers speak as \S+\. Its folder was copied/,
};

/** What the backend brings to the scene. */
export interface HostileStage {
  /** A cluster on it, and a hand in it. */
  open(plan: ClusterPlan): Promise<{ cluster: LiveCluster; intruder: RegistryIntruder }>;
  readonly oddities: readonly Oddity[];
  /** What only this backend can suffer, when all else was. */
  more?(scene: HostileScene): void;
}

export interface HostileScene {
  readonly cluster: LiveCluster;
  readonly intruder: RegistryIntruder;
  readonly forger: RecordForger;
  /** Everybody has written since, and everybody has read that. */
  goesOn(): Promise<void>;
}

const oddId = (i: number) => `odd-${i + 1}`;

async function refusalOf(server: LiveServer, code: string, slot: Slot): Promise<RefusalView | undefined> {
  const { refusals } = await server.client.health();
  return refusals.find((refused) => refused.code === code && refused.slot === keyOf(slot));
}

function expectLogged(server: LiveServer, claimed: string, reason: RegExp): void {
  const head = `Rejecting node ${claimed}: `;
  const reasons = server.process
    .log()
    .split('\n')
    .flatMap((line) => line.split(head).slice(1))
    .map((rest) => rest.split('  ')[0] ?? '');
  expect(reasons).toContainEqual(expect.stringMatching(reason));
}

export function hostileRegistry(stage: HostileStage): void {
  let cluster: LiveCluster;
  let forger: RecordForger;
  let intruder: RegistryIntruder;
  let witness: ViewWitness;
  /** A heartbeat as it lay in the registry at the beginning. */
  let captured: { readonly bytes: Buffer; readonly atSeconds: number };

  beforeAll(async () => {
    ({ cluster, intruder } = await stage.open({ intervalSeconds: 2, timeoutSeconds: 8 }));
    forger = new RecordForger(cluster.secrets);
    captured = { bytes: await intruder.read(heartbeatOf('server-01')), atSeconds: nowSeconds() };
    witness = new ViewWitness(cluster.servers);
  });

  afterAll(async () => {
    await witness?.stop();
    await cluster?.stop();
  });

  const sequenceOf = async (name: string) => Number((await fieldsOf(intruder, heartbeatOf(name)))._sequence);

  /** Everybody has written since, and everybody has read that. */
  async function goesOn(): Promise<void> {
    for (const { name } of cluster.servers) {
      await eventually(`${name} writes again`, READ_MS, async () => (await sequenceOf(name)) > 0);
      await afterBeat(
        intruder,
        name,
        cluster.servers.filter((server) => server.name !== name),
      );
    }
  }

  describe('under a name that is no member, ', () => {
    beforeAll(async () => {
      for (const { type, nodeId, content } of STRANGER_RECORDS)
        await intruder.write({ type, nodeId }, content(forger, nodeId));
      for (const [i, oddity] of stage.oddities.entries()) await oddity.put(oddId(i));
    });

    for (const { title, type, nodeId, claims, code, reason } of STRANGER_RECORDS) {
      it(`${title} is refused as ${code}`, async () => {
        const slot = { type, nodeId };
        for (const server of cluster.servers) {
          const refused = await eventually(`${server.name} counts ${code} of ${keyOf(slot)}`, READ_MS, () =>
            refusalOf(server, code, slot),
          );
          expect(refused).toMatchObject({ code, node_id: claims, slot: keyOf(slot), count: 1 });
          expect(refused.sentence).toMatch(SENTENCES[code] ?? /never/);
          expectLogged(server, claims, reason);
          if (code === 'invalid_signature')
            expect(server.process.log()).toContain(`Invalid signature for node: ${claims}`);
        }
      });
    }

    for (const [i, { title, reason }] of stage.oddities.entries()) {
      it(`${title} instead of a record is refused as malformed`, async () => {
        const slot = nodeOf(oddId(i));
        for (const server of cluster.servers) {
          const refused = await eventually(`${server.name} counts ${title}`, READ_MS, () =>
            refusalOf(server, 'malformed', slot),
          );
          expect(refused).toMatchObject({ node_id: oddId(i), count: 1 });
          expect(refused.sentence).toMatch(SENTENCES.malformed ?? /never/);
          expectLogged(server, oddId(i), reason);
        }
      });
    }

    it('names that no server can have are not read, and said to be there', async () => {
      await intruder.write(nodeOf('a b'), 'x');
      await intruder.write(nodeOf(`long${'g'.repeat(40)}`), 'x');
      for (const { name, client } of cluster.servers) {
        const finding = await eventually(`${name} finds the junk`, READ_MS, async () =>
          (await client.health()).findings.find(({ code }) => code === 'registry_junk'),
        );
        expect(finding.sentence).toBe(
          'The registry holds 2 names that no server can have; they are not read.',
        );
      }
    });

    it('no control character of a record reaches a log or an answer', async () => {
      for (const server of cluster.servers) {
        const { refusals } = await server.client.health();
        const shown =
          server.process.log() + refusals.map((one) => `${one.node_id}\n${one.sentence}`).join('\n');
        expect(shown).not.toMatch(/[^\P{C}\n]/u);
      }
    });
  });

  describe("in a member's own slots, ", () => {
    type Forge = () => Promise<Uint8Array | string> | Uint8Array | string;

    /** Until all of `readers` have counted it once more: the member writes its own over it at its next beat. */
    async function plant(slot: Slot, code: string, forge: Forge, readers: LiveServer[]): Promise<void> {
      const others = cluster.servers.filter(({ name }) => name !== slot.nodeId);
      const counts = async () =>
        Promise.all(readers.map(async (server) => (await refusalOf(server, code, slot))?.count ?? 0));
      const before = await counts();
      let bytes: Uint8Array | string | undefined;
      let tries = 0;
      await eventually(`all count ${code} of ${keyOf(slot)} once more`, READ_MS, async () => {
        if (bytes === undefined || !(await intruder.read(slot)).equals(Buffer.from(bytes))) {
          await afterBeat(intruder, slot.nodeId, others);
          // Each time at another moment: its owner, who may answer at its next look, must not always be the first.
          await wait(((tries * 3) % 7) * (cluster.intervalMs / 7));
          tries += 1;
          bytes = await forge();
          await intruder.write(slot, bytes);
        }
        return (await counts()).every((count, i) => count > (before[i] ?? 0));
      });
    }

    interface Expected {
      readonly code: RefusalView['code'];
      readonly reason: RegExp;
      readonly claims?: string;
      /** Whether its owner must notice it too. */
      readonly byOwner?: boolean;
    }

    async function expectRefused(slot: Slot, expected: Expected, forge: Forge): Promise<void> {
      const { code, reason, claims = slot.nodeId, byOwner = false } = expected;
      const readers = cluster.servers.filter(({ name }) => byOwner || name !== slot.nodeId);
      await plant(slot, code, forge, readers);
      for (const server of readers) {
        const refused = await refusalOf(server, code, slot);
        expect(refused).toMatchObject({ code, node_id: claims, slot: keyOf(slot) });
        expect(refused?.sentence).toMatch(SENTENCES[code] ?? /never/);
        expectLogged(server, claims, reason);
      }
    }

    const keyOfServer = (name: string) => stolenKey(cluster.server(name).dataDir);
    const tampered = async (slot: Slot, from: string, to: string) => {
      const text = (await intruder.read(slot)).toString('utf8');
      expect(text).toContain(from);
      return text.replace(from, to);
    };

    it('a changed host is refused as invalid_signature, by its owner too', async () => {
      const slot = nodeOf('server-01');
      const expected = {
        code: 'invalid_signature',
        reason: /^Invalid signature - data tampered!$/,
        byOwner: true,
      } as const;
      await expectRefused(slot, expected, () => tampered(slot, '"host":"127.0.0.1"', '"host":"10.0.0.66"'));
      for (const { process } of cluster.servers)
        expect(process.log()).toContain('Invalid signature for node: server-01');
    });

    it('a changed state is refused as invalid_signature', async () => {
      const slot = heartbeatOf('server-02');
      const reason = /^Invalid signature - data tampered!$/;
      await expectRefused(slot, { code: 'invalid_signature', reason }, () =>
        tampered(slot, '"state":"up"', '"state":"left"'),
      );
    });

    it('its heartbeat of some seconds ago is refused as replayed', async () => {
      const slot = heartbeatOf('server-01');
      const reason = /^Replayed: an older record than one already seen$/;
      await expectRefused(slot, { code: 'replayed', reason }, async () => {
        const old = await intruder.read(slot);
        await eventually('it speaks again', READ_MS, async () => !(await intruder.read(slot)).equals(old));
        await afterBeat(intruder, slot.nodeId, cluster.servers.slice(1));
        return old;
      });
    });

    it('its node record before the last is refused as replayed', async () => {
      const slot = nodeOf('server-03');
      const old = await intruder.read(slot);
      await intruder.write(slot, 'a reason to sign anew');
      await eventually('server-03 signs its node record anew', READ_MS, async () => {
        const now = await intruder.read(slot);
        return now.byteLength > 100 && !now.equals(old);
      });
      const reason = /^Replayed: an older record than one already seen$/;
      await expectRefused(slot, { code: 'replayed', reason }, () => old);
    });

    it("its own record under another member's key is refused as wrong_slot", async () => {
      for (const type of ['node', 'heartbeat'] as const) {
        const reason = /^Record of server-01 under another's key$/;
        const expected = { code: 'wrong_slot', reason, claims: 'server-01' } as const;
        await expectRefused({ type, nodeId: 'server-02' }, expected, () =>
          intruder.read({ type, nodeId: 'server-01' }),
        );
      }
    });

    it('its node record in place of its heartbeat, and the reverse, is refused as wrong_type', async () => {
      await expectRefused(
        heartbeatOf('server-01'),
        { code: 'wrong_type', reason: /^Not a heartbeat record$/ },
        () => intruder.read(nodeOf('server-01')),
      );
      await expectRefused(nodeOf('server-02'), { code: 'wrong_type', reason: /^Not a node record$/ }, () =>
        intruder.read(heartbeatOf('server-02')),
      );
    });

    it('a record that another member signed for it is refused as bad_node_signature, with the shared secret or not', async () => {
      const slot = heartbeatOf('server-03');
      const reason = /^Not signed by the key of this server$/;
      await expectRefused(slot, { code: 'bad_node_signature', reason }, async () => {
        const fields = await fieldsOf(intruder, slot);
        const ahead = { ...fields, state: 'left', _sequence: Number(fields._sequence) + 1000 };
        return forger.sign(ahead, { type: 'heartbeat', identityKey: keyOfServer('server-02') });
      });
      await expectRefused(nodeOf('server-01'), { code: 'bad_node_signature', reason }, () => {
        const identityKey = keyOfServer('server-02');
        const fields = forger.nodeFields('server-01', identityKey);
        return forger.sign(fields, { type: 'node', identityKey });
      });
    });

    it('an authentic record of 301 s ago is refused as timestamp_old', async () => {
      const slot = nodeOf('server-03');
      const reason = /^Timestamp too old \(3\d\ds > 300s\)$/;
      await expectRefused(slot, { code: 'timestamp_old', reason }, () => {
        const fields = forger.nodeFields('server-03', keyOfServer('server-03'));
        const old = { ...fields, _timestamp: nowSeconds() - 301, _incarnation: Date.now() - 301_000 };
        return forger.sign(old, { type: 'node', identityKey: keyOfServer('server-03') });
      });
    });

    it('a second record under the sequence of its last is refused as clone, though its own key signed it', async () => {
      const slot = heartbeatOf('server-02');
      const reason = /^Two different records under one sequence number$/;
      await expectRefused(slot, { code: 'clone', reason }, async () => {
        const fields = { ...(await fieldsOf(intruder, slot)), load: { reports_per_minute: 66 } };
        return forger.sign(fields, { type: 'heartbeat', identityKey: keyOfServer('server-02') });
      });
    });

    it('its heartbeat captured more than 30 s ago is refused as timestamp_old', async () => {
      await eventually('31 s have passed', READ_MS, () => nowSeconds() - captured.atSeconds > 31);
      const reason = /^Timestamp too old \(\d{2,3}s > 30s\)$/;
      await expectRefused(heartbeatOf('server-01'), { code: 'timestamp_old', reason }, () => captured.bytes);
    });
  });

  describe('read again and again, ', () => {
    it('the same bytes are counted once, however often they are read', async () => {
      for (const server of cluster.servers) {
        const { refusals } = await server.client.health();
        for (const { type, nodeId, code } of STRANGER_RECORDS) {
          const refused = refusals.filter(({ slot }) => slot === keyOf({ type, nodeId }));
          expect(refused).toEqual([expect.objectContaining({ code, count: 1 })]);
        }
      }
    });
  });

  describe('the whole registry, ', () => {
    it('emptied, is filled again', async () => {
      for (const type of RECORD_TYPES) await intruder.empty(type);
      await goesOn();
    });

    it('removed, is made again', async () => {
      await intruder.removeAll();
      await goesOn();
    });

    it('put back from an old copy, is refused as replayed', async () => {
      const putBack = await intruder.copy();
      const sequences = () => Promise.all(cluster.servers.map(({ name }) => sequenceOf(name)));
      const before = await sequences();
      await eventually('the copy is old', READ_MS, async () =>
        (await sequences()).every((sequence, i) => sequence > (before[i] ?? 0) + 1),
      );
      const slot = heartbeatOf('server-01');
      const readers = cluster.servers.slice(1);
      const counts = () =>
        Promise.all(readers.map(async (server) => (await refusalOf(server, 'replayed', slot))?.count ?? 0));
      const counted = await counts();
      await eventually('all others refuse it once more', READ_MS, async () => {
        await afterBeat(intruder, 'server-01', readers);
        await putBack();
        await wait(cluster.intervalMs / 2); // all look meanwhile, and its owner has not yet written over it
        return (await counts()).every((count, i) => count > (counted[i] ?? 0));
      });
      await goesOn();
    });

    it('filled with 10,000 strangers, is read in bounded pieces', async () => {
      const names = Array.from({ length: 10_000 }, (_, i) => `junk-${i}`);
      await intruder.crowd(names, '{"node_id":"junk"}');
      for (const { name, client } of cluster.servers) {
        await eventually(`${name} counts them`, READ_MS, async () => {
          const { refusals } = await client.health();
          const counted = refusals.filter(({ slot }) => slot.startsWith('fleet:cluster:node:junk-')).length;
          return counted >= 64 && refusals.length <= 300;
        });
      }
      await goesOn();
      await intruder.empty('node');
      await goesOn();
    });
  });

  describe('through all of it, ', () => {
    it("every server's view of the members was the same all the time: three, healthy, where they were", async () => {
      await witness.stop();
      const { views } = witness;
      const [view = []] = views;
      expect(new Set(views.map(String))).toEqual(new Set([String(view)]));
      expect(view.map((line) => line.split(' ').slice(0, 3))).toEqual(
        cluster.servers.map(({ name, port }) => [name, 'healthy', `127.0.0.1:${port}`]),
      );
      expect(witness.looks).toBeGreaterThan(100);
    });

    it('says on the health page that records were refused, and that all three servers are well', async () => {
      for (const { name, client } of cluster.servers) {
        const { verdict, failover, findings } = await client.health();
        expect(failover.servers_that_can_stop).toBe(2);
        expect(verdict).toMatch(/^(Critical|Degraded): /);
        const codes = ['refused_invalid_signature', 'refused_bad_node_signature'];
        // It may have written over what lay in its own slot before it looked.
        if (name !== 'server-02') codes.push('refused_clone');
        expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(codes));
      }
    });
  });

  stage.more?.({
    get cluster() {
      return cluster;
    },
    get intruder() {
      return intruder;
    },
    get forger() {
      return forger;
    },
    goesOn,
  });
}
