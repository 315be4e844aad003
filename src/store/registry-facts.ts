/**
 * What a registry is, for people: how it is reached, who may write there, what it keeps. Never a reason to believe a
 * record: most of it a Redis says of itself, and it may lie.
 */

/** `not_allowed`: our user may not ask. `not_told`: it was asked, or tried, and there was no such answer. */
export type Told<T> =
  | { readonly told: T }
  | { readonly told: null; readonly why: 'not_allowed' | 'not_told' };

export interface RedisFacts {
  readonly kind: 'redis';
  readonly tls: boolean;
  /** As whom it knows us. */
  readonly user: Told<string>;
  /** Whether anybody who reaches it gets in without a password. */
  readonly isOpen: Told<boolean>;
  readonly version: Told<string>;
  readonly role: Told<string>;
  /** Keeps an append-only file. */
  readonly appendOnly: Told<boolean>;
  /** Snapshots (RDB) written since it started. */
  readonly snapshots: Told<number>;
  readonly maxmemoryPolicy: Told<string>;
}

export interface FolderFacts {
  readonly kind: 'folder';
  readonly path: string;
  /** User id of its owner, and whether that is the user this server runs as. */
  readonly ownerId: number;
  readonly isOurs: boolean;
  /** Permission bits, such as 0o700. */
  readonly mode: number;
}

export type RegistryFacts = RedisFacts | FolderFacts;
