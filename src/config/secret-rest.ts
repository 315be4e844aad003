/** Where this node's own cluster_secret rests, and how the one that a rotation brought takes its place. */

import { encodeBase64 } from '../base/bytes.ts';
import { AtlasError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { keyIdOf } from '../protocol/keyring.ts';
import { editConfig } from './config-file.ts';
import { setKey } from './edit.ts';
import type { LoadedConfig } from './load.ts';

export class SecretRest {
  readonly #loaded: Pick<LoadedConfig, 'config' | 'origins'>;
  /** Of the secret that a restart would begin with; empty without one. */
  #keyId: string;

  constructor(loaded: Pick<LoadedConfig, 'config' | 'origins' | 'secrets'>) {
    this.#loaded = loaded;
    const { clusterSecret } = loaded.secrets;
    this.#keyId = clusterSecret === null ? '' : keyIdOf(clusterSecret);
  }

  get keyId(): string {
    return this.#keyId;
  }

  /** Both in one go: without its id the cluster's would be derived from the new secret. Throws config_changed, config_invalid. */
  write(secret: Secret, clusterId: string): void {
    const { config, origins } = this.#loaded;
    const { path } = config.source;
    const origin = origins.get('cluster.cluster_secret');
    if (path === null || origin?.from !== 'file') {
      const where = origin?.from === 'environment' ? origin.variable : 'no file';
      throw new AtlasError('config_invalid', `cluster_secret stands in ${where} and not in config.yaml`);
    }
    const text = encodeBase64(secret.reveal());
    editConfig(path, (before) =>
      setKey(setKey(before, 'cluster.cluster_id', clusterId), 'cluster.cluster_secret', text),
    );
    this.#keyId = keyIdOf(secret);
  }
}
