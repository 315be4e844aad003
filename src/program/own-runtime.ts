/**
 * The Node of this installation, which the package that laid it down brought for one kind of Mac or for both. What it
 * holds is packed again as it is; its pages are checked against its makers' signature.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RandomSource, sourceOfBytes } from '../installer/byte-source.ts';
import {
  checkMachO,
  looksLikeMachO,
  type Machine,
  type MachO,
  machineOf,
  slicesOf,
} from '../installer/macho.ts';
import { digestOf, sha256Of } from './digest.ts';
import { findFile } from './file-source.ts';
import type { Runtime } from './npm-runtimes.ts';
import type { SegmentCache } from './segment-cache.ts';

/** Undefined where it is none for a Mac, or not for this one. `root`: the folder of the installation. */
export async function findOwnNode(root: string, machine: Machine): Promise<RandomSource | undefined> {
  const file = await findFile(join(root, 'bin', 'node'));
  if (file === undefined || !(await looksLikeMachO(file))) return undefined;
  for (const slice of await slicesOf(file)) if ((await machineOf(slice)) === machine) return slice;
  return undefined;
}

export interface OwnNode {
  readonly about: MachO;
  readonly licence: Uint8Array;
  /** SHA-256. */
  readonly digest: string;
  readonly licenceDigest: string;
}

/** Reads all of it. Rejects with runtime_refused. */
export async function readOwnNode(root: string, slice: RandomSource): Promise<OwnNode> {
  const about = await checkMachO(slice);
  const licence = await readFile(join(root, 'LICENSES', 'node.txt'));
  return { about, licence, digest: await digestOf(slice, 'sha256'), licenceDigest: sha256Of(licence) };
}

export async function prepareOwnNode(
  { about, licence, digest, licenceDigest }: OwnNode,
  slice: RandomSource,
  segments: SegmentCache,
): Promise<Runtime> {
  return {
    about,
    node: await segments.of(digest, slice.read),
    licence: await segments.of(licenceDigest, sourceOfBytes(licence).read),
  };
}
