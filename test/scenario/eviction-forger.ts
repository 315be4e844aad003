/** An eviction as a server writes it, by whoever has that server's disk: closes admission and changes the secret too. */
import { Secret } from '../../src/base/secret.ts';
import { extend } from '../../src/membership/roster-chain.ts';
import { sealTo } from '../../src/protocol/envelope.ts';
import { generateSecretText } from '../../src/protocol/keyring.ts';
import { rosterProof } from '../../src/protocol/roster-proof.ts';
import type { Envelope, RosterStep } from '../../src/protocol/roster-step.ts';
import { forgeStep } from './chain-intruder.ts';
import type { LiveServer } from './live-cluster.ts';
import { keyringOf } from './record-forger.ts';

export interface ForgedEviction {
  readonly step: RosterStep;
  /** Of the secret that it brings. */
  readonly keyId: string;
}

export async function forgeEviction(
  by: Pick<LiveServer, 'name' | 'dataDir'>,
  of: string,
  on: readonly RosterStep[],
): Promise<ForgedEviction> {
  const { chain } = extend(
    null,
    on.map(({ bytes }) => bytes),
  );
  if (chain === null) throw new Error('no chain');
  const { clusterId, epoch, digest, keyId: leaving, members } = chain.roster;
  const text = generateSecretText();
  const { signing } = keyringOf(clusterId, text);
  const sealed: Record<string, Envelope> = {};
  for (const { node_id: nodeId, sealing_key } of members.values()) {
    if (nodeId === of) continue;
    const info = { purpose: 'cluster_secret', clusterId, epoch: epoch + 1, nodeId } as const;
    sealed[nodeId] = await sealTo(sealing_key, new Secret(Buffer.from(text, 'base64')).reveal(), info);
  }
  const step = forgeStep(by, on[epoch] as RosterStep, [
    { op: 'admission', admission: 'ticket' },
    { op: 'evict', node_id: of },
    { op: 'prepare_secret', key_id: signing.keyId, compromise: true, sealed },
    { op: 'activate_secret', key_id: signing.keyId, proof: rosterProof(signing, digest) },
    { op: 'retire_secret', key_id: leaving },
  ]);
  return { step, keyId: signing.keyId };
}
