/**
 * Reads a bill of materials: each path with what the Installer will take it for. Every block is looked up within the
 * file, no node twice, no chain of folders without an end. Format: docs/package-format.md.
 */
import { decodeUtf8 } from '../base/bytes.ts';
import { damaged } from './package-fault.ts';
import { PATH_MAX_BYTES, PATHS_MAX, PATHS_MAX_LENGTH } from './reading-limits.ts';
import { type Entry, ROOT } from './tree.ts';

export interface BomEntry {
  /** As in `Library/FleetServer`; ROOT for the outermost folder. */
  readonly path: string;
  readonly type: Entry['type'] | 'device';
  /** With the bits of its kind. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Unix seconds. */
  readonly time: number;
  /** Bytes. */
  readonly size: number;
  /** As the program `cksum` prints it; 0 for a folder. */
  readonly cksum: number;
  /** Of a symbolic link; null otherwise. */
  readonly target: string | null;
}

const MAGIC = 'BOMStore';
const HEAD_BYTES = 32;
const TYPES: Readonly<Record<number, BomEntry['type']>> = {
  1: 'file',
  2: 'directory',
  3: 'symlink',
  4: 'device',
};
/** Levels of a tree. Arbitrary: two hold 130 000 paths. */
const DEPTH_MAX = 8;
const ROOT_PARENT = 0;

export function readBom(bytes: Uint8Array): BomEntry[] {
  try {
    const store = new BlockStore(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const { rows, count } = readRows(store);
    if (rows.length !== count) throw damaged(`The Bom lists ${rows.length} paths and says ${count}.`);
    return withPaths(rows);
  } catch (cause) {
    // Every read is within a block: what leads beyond it is a number that lies.
    if (cause instanceof RangeError) throw damaged('The Bom refers to bytes that it does not have.', cause);
    throw cause;
  }
}

class BlockStore {
  readonly #bytes: Buffer;
  readonly #tableAt: number;
  readonly #count: number;

  constructor(bytes: Buffer) {
    if (
      bytes.length < HEAD_BYTES ||
      bytes.toString('latin1', 0, 8) !== MAGIC ||
      bytes.readUInt32BE(8) !== 1
    ) {
      throw damaged('The Bom does not begin as one.');
    }
    this.#bytes = bytes;
    this.#tableAt = bytes.readUInt32BE(16);
    this.#count = bytes.readUInt32BE(this.#tableAt);
  }

  block(number: number): Buffer {
    if (number === 0 || number >= this.#count) throw damaged(`The Bom has no block ${number}.`);
    const at = this.#tableAt + 4 + 8 * number;
    const offset = this.#bytes.readUInt32BE(at);
    const length = this.#bytes.readUInt32BE(at + 4);
    if (offset + length > this.#bytes.length)
      throw damaged(`Block ${number} of the Bom leads beyond its end.`);
    return this.#bytes.subarray(offset, offset + length);
  }

  /** The number of the block that has this name. */
  named(name: string): number {
    const at = this.#bytes.readUInt32BE(24);
    const length = this.#bytes.readUInt32BE(28);
    const names = this.#bytes.subarray(at, at + length);
    let next = 4;
    for (let left = names.readUInt32BE(0); left > 0; left -= 1) {
      const end = next + 5 + names.readUInt8(next + 4);
      if (names.toString('latin1', next + 5, end) === name) return names.readUInt32BE(next);
      next = end;
    }
    throw damaged(`The Bom has nothing of the name ${name}.`);
  }
}

interface Row extends Omit<BomEntry, 'path'> {
  readonly id: number;
  readonly parentId: number;
  readonly name: string;
}

function readRows(store: BlockStore): { rows: Row[]; count: number } {
  const tree = store.block(store.named('Paths'));
  if (tree.toString('latin1', 0, 4) !== 'tree') throw damaged('The tree of paths in the Bom is none.');
  const rows: Row[] = [];
  const seen = new Set<number>();
  for (let at = firstLeaf(store, tree.readUInt32BE(8)); at !== 0; ) {
    if (seen.has(at)) throw damaged('The leaves of the Bom go round in a circle.');
    seen.add(at);
    const node = store.block(at);
    if (node.readUInt16BE(0) !== 1) throw damaged('A leaf of the Bom is none.');
    for (let pair = 0; pair < node.readUInt16BE(2); pair += 1) {
      if (rows.length >= PATHS_MAX) throw damaged(`The Bom has more than ${PATHS_MAX} paths.`);
      rows.push(readRow(store, node.readUInt32BE(12 + 8 * pair), node.readUInt32BE(16 + 8 * pair)));
    }
    at = node.readUInt32BE(4);
  }
  return { rows, count: tree.readUInt32BE(16) };
}

function firstLeaf(store: BlockStore, root: number): number {
  let at = root;
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    const node = store.block(at);
    if (node.readUInt16BE(0) === 1) return at;
    at = node.readUInt32BE(12);
  }
  throw damaged('The tree of paths in the Bom is too deep.');
}

function readRow(store: BlockStore, idBlock: number, nameBlock: number): Row {
  const ids = store.block(idBlock);
  const names = store.block(nameBlock);
  const info = store.block(ids.readUInt32BE(4));
  const type = TYPES[info.readUInt8(0)];
  if (type === undefined) throw damaged('A path of the Bom is of a kind that is not known.');
  return {
    id: ids.readUInt32BE(0),
    parentId: names.readUInt32BE(0),
    name: textUntilNul(names.subarray(4)),
    type,
    mode: info.readUInt16BE(4),
    uid: info.readUInt32BE(6),
    gid: info.readUInt32BE(10),
    time: info.readUInt32BE(14),
    size: info.readUInt32BE(18),
    cksum: info.readUInt32BE(23),
    target: type === 'symlink' ? textUntilNul(info.subarray(31, 31 + info.readUInt32BE(27))) : null,
  };
}

function textUntilNul(bytes: Buffer): string {
  const text = bytes.at(-1) === 0 ? decodeUtf8(bytes.subarray(0, -1)) : undefined;
  if (text === undefined || text === '' || /\p{Cc}/u.test(text))
    throw damaged('The Bom has a name that is none.');
  return text;
}

function withPaths(rows: readonly Row[]): BomEntry[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const paths = new Paths(byId);
  const entries = rows.map((row) => {
    const { id: _, parentId: __, name: ___, ...facts } = row;
    return { ...facts, path: paths.of(row) };
  });
  if (byId.size !== rows.length || new Set(entries.map(({ path }) => path)).size !== rows.length) {
    throw damaged('The Bom lists a path twice.');
  }
  return entries;
}

/** Each path is put together once, from that of its folder. */
class Paths {
  readonly #byId: ReadonlyMap<number, Row>;
  readonly #known = new Map<number, string>();
  #length = 0;

  constructor(byId: ReadonlyMap<number, Row>) {
    this.#byId = byId;
  }

  of(row: Row): string {
    const unknown: Row[] = [];
    for (let at: Row | null = row; at !== null && !this.#known.has(at.id); at = this.#folderOf(at)) {
      unknown.push(at);
      if (unknown.length > PATH_MAX_BYTES) throw noPath();
    }
    let path = ROOT;
    for (const one of unknown.reverse()) {
      path = this.#below(this.#known.get(one.parentId), one);
      this.#length += path.length;
      if (this.#length > PATHS_MAX_LENGTH) throw damaged('The paths of the Bom are too long together.');
      this.#known.set(one.id, path);
    }
    return this.#known.get(row.id) ?? path;
  }

  #folderOf({ parentId }: Row): Row | null {
    if (parentId === ROOT_PARENT) return null;
    const folder = this.#byId.get(parentId);
    if (folder === undefined) throw damaged('The Bom has a path that lies in no folder.');
    return folder;
  }

  /** `folder`: undefined for the outermost. */
  #below(folder: string | undefined, { name }: Row): string {
    if (folder === undefined) {
      if (name !== ROOT) throw damaged('The Bom has a path that lies in no folder.');
      return ROOT;
    }
    const path = folder === ROOT ? name : `${folder}/${name}`;
    if (/^\.{1,2}$|\//.test(name) || path.length > PATH_MAX_BYTES) throw noPath();
    return path;
  }
}

function noPath() {
  return damaged('The Bom has a path that is none.');
}
