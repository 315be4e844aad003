/** What decides how much a leak gives away: where everything is kept and how it is reached, without a secret. */
import type { Admission } from '../../protocol/roster-step.ts';

export interface RedisAccess {
  /** Null behind Sentinels, which name another one from time to time. */
  readonly host: string | null;
  readonly port: number;
  readonly tls: boolean;
  /** Null: the user `default`. */
  readonly username: string | null;
  readonly hasPassword: boolean;
}

export type DatabaseAccess =
  | { readonly engine: 'sqlite'; readonly path: string }
  | {
      readonly engine: 'postgres';
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
    };

export type RegistryAccess =
  | ({ readonly kind: 'redis'; readonly tls: boolean; readonly isLocal: boolean } & RedisAccess)
  | { readonly kind: 'folder'; readonly path: string };

export interface Exposure {
  readonly nodeId: string;
  /** All members, this one among them. */
  readonly members: readonly string[];
  /** False at level 1. */
  readonly authenticated: boolean;
  /** Null where there is no roster. */
  readonly admission: Admission | null;
  /** Null for a single server. */
  readonly registry: RegistryAccess | null;
  readonly database: DatabaseAccess;
  readonly acceptV1: boolean;
  /** This server speaks TLS itself. */
  readonly tls: boolean;
}
