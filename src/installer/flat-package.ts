/**
 * A macOS product archive (flat package) from its parts, as a stream whose length is known before its first byte: xar
 * around one component with Bom, Payload, Scripts and PackageInfo, and a Distribution. The same plan gives the same
 * bytes. Format: docs/package-format.md.
 */
import type { ByteSource } from './byte-source.ts';
import type { Architecture } from './program.ts';
import type { PackageSigner } from './signature.ts';
import type { Tree } from './tree.ts';

export interface PackagePlan {
  /** As in `com.fleet.server`: names the receipt for ever. */
  readonly identifier: string;
  /** `1`, `1.2` or `1.2.3`, up to four numbers. */
  readonly version: string;
  readonly title: string;
  readonly architecture: Architecture;
  /** As in `13.5`. */
  readonly minMacos: string;
  /** Unix seconds. */
  readonly epoch: number;
  /** Parents that are missing are added, with the modes that macOS gives them. */
  readonly payload: Tree;
  /** `preinstall` and `postinstall`, and what they read. */
  readonly scripts: Tree;
  readonly signer: PackageSigner | null;
}
export type FlatPackage = ByteSource;
