/**
 * What tells a configuration that somebody runs from one that a package has just laid down, and what becomes of it. The
 * Installer writes the package's config.yaml over the one that is there, and may be cut off anywhere. Therefore the
 * package's own begins with a line that `service prepare` takes away when it is complete: a file without it is one that
 * somebody runs, and is never thrown away.
 */

/** `keep`: the configuration that is there stays. `replace`: the package's takes its place, the names stay. */
export type ExistingConfig = 'keep' | 'replace';

/** The first line of a configuration whose installation is not complete. */
export const PACKAGE_MARK = '# From a package. The installation that laid it down is not complete.';

/** As `is_in_use` of the scripts judges it (script-parts.ts). */
export const bearsMark = (text: string): boolean => text.split('\n', 1)[0] === PACKAGE_MARK;
