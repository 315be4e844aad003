/**
 * Brings this node's keyring in line with the roster: opens what is sealed for it, signs and accepts what counts, and
 * writes the secret that came to stay into its own configuration, once the whole cluster has changed over.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { reasonOf } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { Secret } from '../../base/secret.ts';
import type { Roster, SealedSecret } from '../../membership/roster.ts';
import { keysOf } from '../../membership/secret-phase.ts';
import { openEnvelope } from '../../protocol/envelope.ts';
import { type Keyring, keyIdOf } from '../../protocol/keyring.ts';

/** Where this node's own cluster_secret rests. */
export interface SecretRest {
  /** Of the secret that a restart would begin with. */
  readonly keyId: string;
  /** With the cluster's id, which would otherwise be derived from the new secret. Throws when it cannot be written. */
  write(secret: Secret, clusterId: string): void;
}

export interface HeldSecretsParts {
  readonly keyring: Keyring;
  readonly nodeId: string;
  readonly sealingKey: KeyObject;
  readonly rest: SecretRest;
  readonly clock: Clock;
  readonly log: Log;
}

export class HeldSecrets {
  readonly #parts: HeldSecretsParts;
  readonly #rare: RateLimitedLog;
  #lacks: string | null = null;
  #unwritten: string | null = null;

  constructor(parts: HeldSecretsParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
  }

  /** The key id that this node should sign with and does not have; null while it has. */
  get lacks(): string | null {
    return this.#lacks;
  }

  /** Why the configuration still holds a retired secret; null when it does not. */
  get unwritten(): string | null {
    return this.#unwritten;
  }

  /** Never rejects. */
  async follow(roster: Roster): Promise<void> {
    const { keyring, log } = this.#parts;
    const { pending } = roster;
    await this.#open(roster.keyId, roster.sealed);
    if (pending !== null) await this.#open(pending.keyId, pending.sealed);
    const keys = keysOf(roster);
    const before = keyring.signing.keyId;
    this.#lacks = keyring.follow({ ...keys, retired: roster.retired }) ? null : keys.signs;
    if (this.#lacks !== null) {
      this.#rare.once('lacks', (times) =>
        log.error('cluster.secret.missing', 'This server has no copy of the secret that counts', {
          key_id: keys.signs,
          times,
        }),
      );
    } else if (before !== keys.signs) {
      log.info('cluster.secret.changed', 'Signing with another cluster secret', {
        key_id: keys.signs,
        before,
      });
    }
  }

  /** Into the configuration, once nothing can take it back: a lost step would leave a restart without the old one. */
  keep({ keyId, clusterId, pending }: Roster): void {
    if (pending === null && this.#lacks === null) this.#rest(keyId, clusterId);
  }

  /** What does not open, or is not the secret that it should be, is as if it were not there. */
  async #open(keyId: string, sealed: ReadonlyMap<string, SealedSecret>): Promise<void> {
    const { keyring, nodeId, sealingKey } = this.#parts;
    const envelope = sealed.get(nodeId);
    if (envelope === undefined || keyring.secretOf(keyId) !== undefined) return;
    const info = {
      purpose: 'cluster_secret',
      clusterId: keyring.clusterId,
      epoch: envelope.epoch,
      nodeId,
    } as const;
    const bytes = await openEnvelope(envelope, sealingKey, info);
    if (bytes === undefined) return;
    const secret = new Secret(bytes);
    if (keyIdOf(secret) === keyId) keyring.hold(secret);
  }

  /** Only what is proved by now: it signs, and the whole cluster has retired the one before. */
  #rest(keyId: string, clusterId: string): void {
    const { rest, keyring, log } = this.#parts;
    const secret = keyring.secretOf(keyId);
    this.#unwritten = null;
    if (rest.keyId === keyId || secret === undefined) return;
    try {
      rest.write(secret, clusterId);
      log.info('cluster.secret.kept', 'Wrote the new cluster_secret into the configuration', {
        key_id: keyId,
      });
    } catch (error) {
      this.#unwritten = reasonOf(error).reason;
      this.#rare.once('unwritten', (times) =>
        log.error('cluster.secret.not_kept', 'The new cluster_secret is not in the configuration', {
          ...reasonOf(error),
          times,
        }),
      );
    }
  }
}
