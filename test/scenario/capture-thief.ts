/**
 * Who has a full capture of what was ever in the registry, and keys: tries each envelope with each key, and looks for a
 * secret in every spelling.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEnvelope } from '../../src/protocol/envelope.ts';
import { type Envelope, type RosterStep, readStep } from '../../src/protocol/roster-step.ts';
import type { TappedCommand } from '../backends/redis-tap.ts';

/** Of an X25519 private key (RFC 8410), before its 32 bytes. */
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** What a thief of a server's disk has to open envelopes with. */
export function stolenSealingKey(dataDir: string): KeyObject {
  const { sealing_key } = JSON.parse(readFileSync(join(dataDir, 'identity.json'), 'utf8'));
  return createPrivateKey(sealing_key);
}

/** 32 bytes, tried as if they were a private key. */
export function asSealingKey(bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_X25519, bytes]), format: 'der', type: 'pkcs8' });
}

/** Whatever was written and reads as a step. */
export function stepsIn(commands: readonly TappedCommand[]): RosterStep[] {
  return commands.flatMap(({ name, args: [, value = ''] }) => {
    if (name !== 'set') return [];
    const reading = readStep(Buffer.from(value, 'latin1'));
    return reading.ok ? [reading.step] : [];
  });
}

interface Found {
  readonly envelope: Envelope;
  readonly step: RosterStep;
}

export function envelopesIn(steps: readonly RosterStep[]): Found[] {
  return steps.flatMap((step) =>
    step.operations.flatMap((operation) => {
      if (operation.op === 'prepare_secret')
        return Object.values(operation.sealed).map((envelope) => ({ envelope, step }));
      return operation.op === 'admit' && operation.secret ? [{ envelope: operation.secret, step }] : [];
    }),
  );
}

/** All that opens, whatever it was sealed for: each key, purpose, name, and epochs around that of the step. */
export async function openAll(
  found: readonly Found[],
  keys: readonly KeyObject[],
  nodeIds: readonly string[],
): Promise<Uint8Array[]> {
  const tries = found.flatMap(({ envelope, step: { clusterId, epoch } }) =>
    keys.flatMap((key) =>
      nodeIds.flatMap((nodeId) =>
        [epoch - 1, epoch, epoch + 1].flatMap((at) =>
          (['cluster_secret', 'join'] as const).map((purpose) =>
            openEnvelope(envelope, key, { purpose, clusterId, epoch: at, nodeId }),
          ),
        ),
      ),
    ),
  );
  return (await Promise.all(tries)).filter((opened) => opened !== undefined);
}

/** The spellings in which these bytes stand in the text. */
export function spellingsIn(text: string, secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const inside = (cut: number) => bytes.subarray(cut, bytes.byteLength - ((bytes.byteLength - cut) % 3));
  const spellings: Record<string, string> = {
    raw: bytes.toString('latin1'),
    hex: bytes.toString('hex'),
    HEX: bytes.toString('hex').toUpperCase(),
    'as Redis prints it': [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    // Behind any number of other bytes, base64 has one of three forms.
    ...Object.fromEntries([0, 1, 2].map((cut) => [`base64, cut ${cut}`, inside(cut).toString('base64')])),
    ...Object.fromEntries(
      [0, 1, 2].map((cut) => [`base64url, cut ${cut}`, inside(cut).toString('base64url')]),
    ),
  };
  return Object.keys(spellings).filter((name) => text.includes(spellings[name] ?? ''));
}
