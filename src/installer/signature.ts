/** Signs the table of contents of a package: RSA and CMS, as Apple's tools read them. Format: docs/package-format.md. */
export interface PackageSigner {
  /** DER, the leaf first, then what leads to the root. */
  readonly chain: readonly Uint8Array[];
  /** PEM of the leaf's RSA key. */
  readonly key: import('../base/secret.ts').Secret;
}
