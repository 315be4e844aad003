/** Bounds of what is read of a package that somebody made. All arbitrary, some times what real packages have. */

/** Bytes of the table of contents, compressed and not. */
export const TOC_STORED_MAX_BYTES = 4 * 1024 * 1024;
export const TOC_MAX_BYTES = 32 * 1024 * 1024;
/** Elements of one XML text, and levels of nesting. */
export const XML_MAX_ELEMENTS = 500_000;
export const XML_MAX_DEPTH = 64;
/** Attributes of one element, and references such as `&amp;` in one XML text. */
export const XML_MAX_ATTRIBUTES = 64;
export const XML_MAX_REFERENCES = 100_000;
/** Files and folders of the archive, and of its folders those that are components. */
export const MEMBERS_MAX = 10_000;
export const COMPONENTS_MAX = 16;
/** Bytes of every PackageInfo and the Distribution together. */
export const MANIFESTS_MAX_BYTES = 8 * 1024 * 1024;
/** Scripts that a PackageInfo names. */
export const SCRIPTS_MAX = 64;
/** Characters of a name, version or title in them. */
export const TEXT_MAX_LENGTH = 1024;
/** Bytes of all Boms together: Apple's have some hundred for each path. */
export const BOMS_MAX_BYTES = 64 * 1024 * 1024;
/** Paths of all Boms together. */
export const PATHS_MAX = 200_000;
/** Entries of all Payloads and Scripts together: the paths of the Boms, and some scripts. */
export const ENTRIES_MAX = 250_000;
/** Characters of all those paths together: each repeats those of its folders. */
export const PATHS_MAX_LENGTH = 64 * 1024 * 1024;
/**
 * Bytes that come out of decompression, of one file: so many of any, beyond that so many for each byte of it, and never more
 * than that. Deflate makes up to 1032 of one; programs come out as 2 to 5, texts as 10.
 */
export const UNPACKED_FREE_BYTES = 256 * 1024 * 1024;
export const UNPACKED_MAX_RATIO = 32;
export const UNPACKED_MAX_BYTES = 32 * 1024 * 1024 * 1024;
/** Bytes of the scripts of a component, decompressed. */
export const SCRIPTS_MAX_BYTES = 64 * 1024 * 1024;
/** Bytes of a path: PATH_MAX of macOS. */
export const PATH_MAX_BYTES = 1024;
/** Bytes of a signature, and certificates beside it. */
export const SIGNATURE_MAX_BYTES = 64 * 1024;
export const CERTIFICATES_MAX = 16;
export const CERTIFICATE_MAX_BYTES = 16 * 1024;
/** Bytes of contents.json, and of config.yaml. */
export const OWN_FILE_MAX_BYTES = 256 * 1024;
