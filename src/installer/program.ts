/**
 * What a package carries that no configuration changes: the program and the runtime it runs on. Where they lie (a cache
 * of a checkout, the installation that this server runs from) is the business of who implements it.
 */
import type { Content } from './tree.ts';

/** Of Node: one, or both in one file. */
export const ARCHITECTURES = ['arm64', 'x64', 'universal'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

export interface ProgramFile {
  /** Below the folder of the installation, as in `app/main.js` or `bin/node`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly content: Content;
}

/** What a program is put together for: only a standalone server keeps its data in SQLite, which is a native add-on. */
export type ProgramKind = 'server' | 'standalone' | 'agent';

export interface ProgramVersion {
  /** Of Atlas Fleet, as in `0.1.0`. */
  readonly version: string;
  /** Of Node, as in `26.10.0`. */
  readonly node: string;
  /** Unix seconds that every file, folder and table of contents of a package of this version bears. */
  readonly epoch: number;
  /** The oldest macOS that this Node runs on, as in `13.5`. */
  readonly minMacos: string;
}

/** What stands in the way, as a sentence, and its mend. */
export interface Lack {
  readonly what: string;
  readonly mend: string;
}

export interface Program extends ProgramVersion {
  /** Rejects with runtime_missing or program_missing, each with the mend. */
  files(kind: ProgramKind, architecture: Architecture): Promise<readonly ProgramFile[]>;
  /** Of such a package; null when nothing stands in its way. Cheap: asked often. */
  lack(kind: ProgramKind, architecture: Architecture): Promise<Lack | null>;
}
