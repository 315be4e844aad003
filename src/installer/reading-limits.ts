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
/** Bytes of PackageInfo and Distribution. */
export const MANIFEST_MAX_BYTES = 4 * 1024 * 1024;
/** Bytes of a Bom: Apple's have some hundred for each path. */
export const BOM_MAX_BYTES = 64 * 1024 * 1024;
/** Paths of a payload. */
export const PATHS_MAX = 200_000;
/** Characters of all paths of a Bom together: each repeats those of its folders. */
export const PATHS_MAX_LENGTH = 64 * 1024 * 1024;
/** Bytes of a payload, decompressed. */
export const PAYLOAD_MAX_BYTES = 32 * 1024 * 1024 * 1024;
/** Bytes of the scripts, decompressed. */
export const SCRIPTS_MAX_BYTES = 64 * 1024 * 1024;
/** Bytes of a path: PATH_MAX of macOS. */
export const PATH_MAX_BYTES = 1024;
/** Bytes of a signature, and certificates beside it. */
export const SIGNATURE_MAX_BYTES = 64 * 1024;
export const CERTIFICATES_MAX = 16;
/** Bytes of contents.json. */
export const CONTENTS_MAX_BYTES = 256 * 1024;
