/**
 * Somebody who owns Redis and has no secret: forged, altered and replayed records in a stream. None is accepted,
 * and every one is counted under its code.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { generateSecretText, type RecordType } from '../../src/protocol/keyring.ts';
import { eventually } from '../../test/scenario/eventually.ts';
import { keyringOf, newIdentityKey, RecordForger } from '../../test/scenario/record-forger.ts';
import type { Fault } from '../fault.ts';
import { registryOf } from '../registry.ts';
import type { Stand } from '../stand.ts';
import { Standards } from '../standards.ts';

const NAME = 'forged records';
const INTRUDER = 'intruder';
const WELL_MS = 120_000;
/** Looks of every server, at half an interval each, in which each record lies there. */
const LOOKS = 2;

export const recordsForged: Fault = {
  name: NAME,
  about: 'forged, altered and replayed records are put into the registry',
  stand: 'cluster',
  minutes: ({ intervalSeconds }) => (4 * intervalSeconds) / 60 + 0.2,
  async run(stand) {
    await stand.wellAgain(WELL_MS);
    const standards = await Standards.begin(NAME, stand);
    const accepted = await forge(stand);
    return [
      { fault: NAME, figure: 'forged records accepted', value: accepted, unit: 'count', bar: 0 },
      ...(await standards.figures()),
    ];
  },
};

/** Returns how many servers listed the intruder, or believed the changed host. */
export async function forge(stand: Stand): Promise<number> {
  const registry = registryOf(stand);
  const victim = stand.third;
  const fromMs = performance.now();
  const old = await registry.read('heartbeat', victim.name);
  const put = async (type: RecordType, nodeId: string, bytes: Buffer) => {
    await registry.write(type, nodeId, bytes);
    await wait((LOOKS * stand.cluster.intervalMs) / 2);
  };
  await put('node', INTRUDER, forgedNode(stand));
  await put('node', victim.name, altered(await registry.read('node', victim.name)));
  const newest = await registry.read('heartbeat', victim.name);
  // Right after a beat, so that it lies there for nearly an interval.
  await eventually(
    'a beat',
    WELL_MS,
    async () => !newest.equals(await registry.read('heartbeat', victim.name)),
  );
  await put('heartbeat', victim.name, old);
  await registry.remove('node', INTRUDER);
  const believed = stand.servers.filter(({ name }) =>
    stand.witness
      .view(name, fromMs)
      ?.some(({ node_id, host }) => node_id === INTRUDER || host === ALTERED_HOST),
  );
  return believed.length + stand.witness.changes.filter(({ nodeId }) => nodeId === INTRUDER).length;
}

/** Right in everything, under the right key's name, and signed with another secret. */
function forgedNode({ cluster }: Stand): Buffer {
  const { clusterId } = cluster.secrets;
  const forger = new RecordForger(cluster.secrets);
  const identityKey = newIdentityKey();
  const keyring = keyringOf(clusterId, generateSecretText());
  return forger.sign(forger.nodeFields(INTRUDER, identityKey), { keyring, type: 'node', identityKey });
}

const ALTERED_HOST = '127.0.0.6';

function altered(record: Buffer): Buffer {
  return Buffer.from(record.toString('utf8').replace('"host":"127.0.0.1"', `"host":"${ALTERED_HOST}"`));
}
