/**
 * That a chain of roster steps was made by somebody who held the cluster secret. The steps themselves are signed by
 * members alone, and whoever can write to an empty backend could found a roster of his own: a newcomer without a pin
 * believes only a chain with such a proof under a secret that it holds.
 */
import { createHmac } from 'node:crypto';
import { decodeBase64, encodeBase64, equalBytes } from '../base/bytes.ts';
import type { ClusterKey, Keyring } from './keyring.ts';
import type { RosterStep } from './roster-step.ts';
import { signingPrefix } from './security-version.ts';

const PREFIX = signingPrefix('roster-proof');

/** `about`: the founder's identity key for the first step, the parent's digest for the activation of a secret. */
export function rosterProof(key: ClusterKey, about: string): string {
  return encodeBase64(
    createHmac('sha256', key.rosterKey)
      .update(PREFIX + about)
      .digest(),
  );
}

export function isProvedBy(keyring: Keyring, steps: readonly RosterStep[]): boolean {
  return steps.some((step) =>
    step.operations.some((operation) => {
      if (operation.op !== 'found' && operation.op !== 'activate_secret') return false;
      const key = keyring.find(operation.key_id);
      const about = operation.op === 'found' ? operation.member.identity_key : (step.parent ?? '');
      const given = decodeBase64(operation.proof);
      const made = key && decodeBase64(rosterProof(key, about));
      return given !== undefined && made !== undefined && equalBytes(given, made);
    }),
  );
}
