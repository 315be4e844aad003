/** The cluster_secret in a server's own config.yaml. */
import { readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import { Secret } from '../../src/base/secret.ts';
import { keyIdOf } from '../../src/protocol/keyring.ts';
import type { LiveServer } from './live-cluster.ts';

export interface SecretOnDisk {
  readonly text: string;
  readonly secret: string;
  readonly keyId: string;
  /** Permissions of the file. */
  readonly mode: number;
}

export function secretOnDisk({ configPath }: Pick<LiveServer, 'configPath'>): SecretOnDisk {
  const text = readFileSync(configPath, 'utf8');
  const secret: string = parse(text).cluster.cluster_secret;
  const keyId = keyIdOf(new Secret(Buffer.from(secret, 'base64')));
  return { text, secret, keyId, mode: statSync(configPath).mode & 0o777 };
}
