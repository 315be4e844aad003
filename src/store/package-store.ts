/**
 * Where it rests which packages were built, by whom and of what: names and fingerprints, never a value, and never the
 * package. For all servers on one database together.
 */

/** What is in the file, from the first to the last: `cluster-node` joins this cluster. */
export const PACKAGE_KINDS = ['cluster-node', 'standalone', 'agent'] as const;
export type PackageKind = (typeof PACKAGE_KINDS)[number];

/** `embedded`: the secrets themselves. `ticket`: a join ticket alone. `none`: no secret at all. */
export const CREDENTIAL_MODES = ['embedded', 'ticket', 'none'] as const;
export type CredentialMode = (typeof CREDENTIAL_MODES)[number];

export interface PackageContent {
  /** As in `cluster_secret`, or `program`. */
  readonly name: string;
  /** What it is for, a sentence. */
  readonly why: string;
  readonly secret: boolean;
  /** Of a secret that nobody chose: to tell two apart. Null for a password, and for what is no secret. */
  readonly fingerprint: string | null;
}

export interface PackageBuild {
  /** No other build has it. */
  readonly buildId: string;
  readonly kind: PackageKind;
  readonly fileName: string;
  readonly architecture: 'arm64' | 'x64' | 'universal';
  /** Of Atlas Fleet. */
  readonly version: string;
  readonly credentials: CredentialMode;
  readonly contents: readonly PackageContent[];
  /** The name that the new server was given; null: it makes one of its host name. */
  readonly nodeName: string | null;
  /** Of the join ticket inside; null without one. */
  readonly ticketId: string | null;
  readonly signed: boolean;
  /** Of who built it; may be empty. */
  readonly note: string;
  readonly builtBy: { readonly kind: string; readonly name: string };
  readonly builtAtMs: number;
  /** The server that built it. */
  readonly nodeId: string;
}

/** How it ended: written when the last byte was handed over, or when it was not. */
export interface PackageOutcome {
  readonly state: 'ready' | 'failed';
  /** Bytes, and SHA-256 in hex, of the whole file; null when it failed. */
  readonly file: { readonly size: number; readonly sha256: string } | null;
}

export interface StoredBuild extends PackageBuild {
  /** Null while it is being built, or when the server died meanwhile. */
  readonly outcome: PackageOutcome | null;
  readonly revokedAtMs: number | null;
}

/** The join ticket inside a package that did not arrive, as far as anybody said. */
export interface LostTicket {
  readonly buildId: string;
  readonly ticketId: string;
}

export interface BuildPage {
  readonly builds: readonly StoredBuild[];
  /** What `before` is for the next page; null when there is none. */
  readonly nextBefore: number | null;
}

/** All of it rejects with store_unavailable or store_locked. */
export interface PackageStore {
  /** Durable when it resolves. */
  add(build: PackageBuild): Promise<void>;
  /** The first word on how it ended stays. */
  finish(buildId: string, outcome: PackageOutcome): Promise<void>;
  /** The first time stays. */
  revoke(buildId: string, atMs: number): Promise<void>;
  find(buildId: string): Promise<StoredBuild | null>;
  /** The newest first, in the order in which they were begun, whatever the clocks said. */
  list(page: { limit: number; before?: number }): Promise<BuildPage>;
  /**
   * When the next package after this one was begun that carries the cluster secret and gives its server no name: a
   * newcomer without a ticket came by the one or by the other. Those that failed do not count. Null without one.
   */
  nextUnnamedAtMs(buildId: string): Promise<number | null>;
  /** Of packages that this server began before then, and that are neither ready nor revoked. */
  lostTickets(nodeId: string, beforeMs: number): Promise<readonly LostTicket[]>;
}
