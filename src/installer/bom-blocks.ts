/** The store of blocks that a Bom is: its head, its blocks back to back, its names, its table; and the nodes of its trees. */

/** Where the first block begins; zeros stand between it and the head. */
const BLOCKS_AT = 512;
const MAGIC = 'BOMStore';
const VERSION = 1;
/** Two pairs that are free and empty, behind their number. */
const FREE_LIST = Buffer.alloc(20);
/** Bytes that a node of a large tree is padded to. */
export const NODE_BYTES = 4096;

/** The numbers of blocks that are the same in every Bom. */
export const BLOCK = {
  bomInfo: 1,
  pathsTree: 2,
  pathsNode: 3,
  hardLinksTree: 4,
  hardLinksNode: 5,
  versions: 6,
  versionsTree: 7,
  versionsNode: 8,
  sizesTree: 9,
  sizesNode: 10,
  firstPath: 11,
} as const;

const NAMED_BLOCKS: readonly (readonly [name: string, block: number])[] = [
  ['BomInfo', BLOCK.bomInfo],
  ['Paths', BLOCK.pathsTree],
  ['HLIndex', BLOCK.hardLinksTree],
  ['VIndex', BLOCK.versions],
  ['Size64', BLOCK.sizesTree],
];

/** One path of a leaf, or one leaf of a branch, by the numbers of two blocks. */
export interface Pair {
  /** Of a leaf: the block with the path's id; of a branch: the leaf. */
  readonly info: number;
  /** The block with the name; of a branch: of the leaf's last path. */
  readonly file: number;
}

/** `blocks`: the first of them has number 1. */
export function encodeBlocks(blocks: readonly Buffer[]): Buffer {
  const names = namedBlocks();
  const extents = [words(0, 0)];
  let at = BLOCKS_AT;
  for (const { length } of blocks) {
    extents.push(words(at, length));
    at += length;
  }
  const table = Buffer.concat([words(blocks.length + 1), ...extents, FREE_LIST]);
  const places = words(VERSION, blocks.length, at + names.length, table.length, at, names.length);
  const head = Buffer.concat([Buffer.from(MAGIC), places], BLOCKS_AT);
  return Buffer.concat([head, ...blocks, names, table]);
}

export function tree(node: number, nodeBytes: number, paths: number): Buffer {
  return Buffer.concat([Buffer.from('tree'), words(1, node, nodeBytes, paths), Buffer.alloc(1)]);
}

export function leaf(
  pairs: readonly Pair[],
  {
    forward = 0,
    backward = 0,
    bytes = NODE_BYTES,
  }: { forward?: number; backward?: number; bytes?: number } = {},
): Buffer {
  return node(1, pairs, [forward, backward], bytes);
}

export function branch(pairs: readonly Pair[]): Buffer {
  return node(0, pairs, [0, 0], NODE_BYTES);
}

function node(isLeaf: 0 | 1, pairs: readonly Pair[], neighbours: readonly number[], bytes: number): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(isLeaf, 0);
  head.writeUInt16BE(pairs.length, 2);
  const numbers = words(...neighbours, ...pairs.flatMap(({ info, file }) => [info, file]));
  return Buffer.concat([head, numbers], bytes);
}

export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

function namedBlocks(): Buffer {
  const each = NAMED_BLOCKS.map(([name, block]) =>
    Buffer.concat([words(block), Buffer.of(name.length), Buffer.from(name)]),
  );
  return Buffer.concat([words(NAMED_BLOCKS.length), ...each]);
}
