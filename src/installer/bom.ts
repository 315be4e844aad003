/**
 * The bill of materials of a package, which the Installer keeps as the receipt: each path with its mode, size and
 * checksum. Block numbers 1 to 10 are fixed; three blocks a path follow, then the leaves of the tree of paths where it
 * has more than one. Integers are big-endian. Format: docs/package-format.md.
 */
import { BLOCK, branch, encodeBlocks, leaf, NODE_BYTES, type Pair, tree, words } from './bom-blocks.ts';
import { type Layout, layoutBytes, parentOf } from './layout.ts';
import { contentCksum, contentOf, contentSize, type Entry, fullMode, ROOT } from './tree.ts';

/** Paths of one leaf, which must fit a node. */
const LEAF_PATHS_MAX = 256;
/** As Apple writes them for every path: the architectures of 32 and 64 bits. */
const ARCHITECTURE_FLAGS = 0x000f;
const TYPES = { file: 1, directory: 2, symlink: 3 } as const;
const BLOCKS_PER_PATH = 3;
const SMALL_NODE_BYTES = 128;

interface Row {
  readonly entry: Entry;
  /** From 1, in the order of the layout. */
  readonly id: number;
  /** 0 for ROOT. */
  readonly parentId: number;
  readonly name: Buffer;
}

/** `epoch`: Unix seconds. */
export function encodeBom(layout: Layout, epoch: number): Buffer {
  const rows = rowsOf(layout);
  const pairs = rows.map((_, at) => pairOf(at));
  const perPath = rows.flatMap((row, at) => blocksOf(row, at, epoch));
  const firstLeaf = BLOCK.firstPath + perPath.length;
  const { root, leaves } = nodesOf(pairs, firstLeaf);
  const fixed = [
    bomInfo(layout),
    tree(BLOCK.pathsNode, NODE_BYTES, rows.length),
    root,
    ...emptyTree(BLOCK.hardLinksNode, NODE_BYTES),
    Buffer.concat([words(1, BLOCK.versionsTree, 0), Buffer.alloc(1)]),
    ...emptyTree(BLOCK.versionsNode, SMALL_NODE_BYTES),
    ...emptyTree(BLOCK.sizesNode, NODE_BYTES),
  ];
  return encodeBlocks([...fixed, ...perPath, ...leaves]);
}

/** By parent and name, which is the order of the tree. */
function rowsOf(layout: Layout): readonly Row[] {
  const ids = new Map(layout.map(({ path }, at) => [path, at + 1]));
  return layout
    .map((entry, at) => ({
      entry,
      id: at + 1,
      parentId: entry.path === ROOT ? 0 : (ids.get(parentOf(entry.path)) ?? 0),
      name: Buffer.from(entry.path.slice(entry.path.lastIndexOf('/') + 1)),
    }))
    .sort((a, b) => a.parentId - b.parentId || Buffer.compare(a.name, b.name));
}

function pairOf(at: number): Pair {
  const first = BLOCK.firstPath + BLOCKS_PER_PATH * at;
  return { info: first + 2, file: first + 1 };
}

/** In the order in which they are numbered: what it is, where it is, and which of the paths it is. */
function blocksOf({ entry, id, parentId, name }: Row, at: number, epoch: number): Buffer[] {
  const first = BLOCK.firstPath + BLOCKS_PER_PATH * at;
  return [pathInfo(entry, epoch), Buffer.concat([words(parentId), name, Buffer.alloc(1)]), words(id, first)];
}

function pathInfo(entry: Entry, epoch: number): Buffer {
  const content = contentOf(entry);
  const fixed = Buffer.alloc(27);
  fixed.writeUInt8(TYPES[entry.type], 0);
  fixed.writeUInt8(1, 1);
  fixed.writeUInt16BE(ARCHITECTURE_FLAGS, 2);
  fixed.writeUInt16BE(fullMode(entry), 4);
  fixed.writeUInt32BE(epoch, 14);
  fixed.writeUInt32BE(contentSize(content), 18);
  fixed.writeUInt8(1, 22);
  fixed.writeUInt32BE(entry.type === 'directory' ? 0 : contentCksum(content), 23);
  return Buffer.concat([fixed, tailOf(entry)]);
}

function tailOf(entry: Entry): Buffer {
  if (entry.type === 'directory') return words(0);
  if (entry.type === 'file') return words(0, 0);
  const target = Buffer.from(`${entry.target}\0`);
  return Buffer.concat([words(target.length), target, words(0, 0)]);
}

/** One leaf is the root itself; of more, the root is a branch that names the last path of each. */
function nodesOf(
  pairs: readonly Pair[],
  firstLeaf: number,
): { readonly root: Buffer; readonly leaves: Buffer[] } {
  if (pairs.length <= LEAF_PATHS_MAX) return { root: leaf(pairs), leaves: [] };
  const groups: (readonly Pair[])[] = [];
  for (let at = 0; at < pairs.length; at += LEAF_PATHS_MAX) groups.push(pairs.slice(at, at + LEAF_PATHS_MAX));
  const last = groups.length - 1;
  const leaves = groups.map((group, at) =>
    leaf(group, {
      forward: at === last ? 0 : firstLeaf + at + 1,
      backward: at === 0 ? 0 : firstLeaf + at - 1,
    }),
  );
  const lastPaths = groups.map((group, at) => ({ info: firstLeaf + at, file: group.at(-1)?.file ?? 0 }));
  return { root: branch(lastPaths), leaves };
}

/** One entry of sizes: what is of no one processor, which is all. */
function bomInfo(layout: Layout): Buffer {
  return words(1, layout.length + 1, 1, 0, 0, layoutBytes(layout), 0);
}

function emptyTree(node: number, nodeBytes: number): Buffer[] {
  return [tree(node, nodeBytes, 0), leaf([], { bytes: nodeBytes })];
}
