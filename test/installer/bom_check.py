"""Reads a Bom as docs/package-format.md says, and holds it against the tree that a payload was unpacked to."""

import json
import os
import stat
import struct
import subprocess
import sys

BOM = open(sys.argv[1], "rb").read()
ROOT = sys.argv[2]
KINDS = {1: stat.S_IFREG, 2: stat.S_IFDIR, 3: stat.S_IFLNK}
FILES_AT_ONCE = 500


def table():
    magic, version, used, at, length, names_at, names_length = struct.unpack(">8sIIIIII", BOM[:32])
    assert (magic, version) == (b"BOMStore", 1)
    (count,) = struct.unpack(">I", BOM[at : at + 4])
    extents = [struct.unpack(">II", BOM[at + 4 + 8 * i : at + 12 + 8 * i]) for i in range(count)]
    assert extents[0] == (0, 0) and len([1 for extent in extents if extent[1]]) == used
    assert at + length == len(BOM) and names_at + names_length == at
    end = 512
    for begin, size in extents[1:]:
        assert begin == end, "blocks lie back to back"
        end = begin + size
    return extents, names(names_at)


def names(at):
    (count,) = struct.unpack(">I", BOM[at : at + 4])
    found, at = {}, at + 4
    for _ in range(count):
        block, length = struct.unpack(">IB", BOM[at : at + 5])
        found[BOM[at + 5 : at + 5 + length].decode()] = block
        at += 5 + length
    return found


EXTENTS, NAMES = table()


def block(index):
    begin, size = EXTENTS[index]
    return BOM[begin : begin + size]


def leaves(index):
    """Down the first child to the first leaf, then along the chain, which must agree with the branch."""
    is_leaf, count = struct.unpack(">HH", block(index)[:4])
    children = None
    if not is_leaf:
        children = [struct.unpack(">II", block(index)[12 + 8 * i : 20 + 8 * i]) for i in range(count)]
        index = children[0][0]
    before, order = 0, []
    while index:
        node = block(index)
        is_leaf, count, after, back = struct.unpack(">HHII", node[:12])
        assert is_leaf == 1 and back == before and len(node) <= 4096 and count <= 256
        pairs = [struct.unpack(">II", node[12 + 8 * i : 20 + 8 * i]) for i in range(count)]
        order.append((index, pairs[-1][1]))
        yield from pairs
        before, index = index, after
    assert children is None or children == order


def paths():
    magic, version, root, size, count, _ = struct.unpack(">4sIIIIB", block(NAMES["Paths"]))
    assert (magic, version, size) == (b"tree", 1, 4096)
    known, last, found = {}, None, {}
    for info_block, file_block in leaves(root):
        path_id, record_block = struct.unpack(">II", block(info_block))
        (parent,) = struct.unpack(">I", block(file_block)[:4])
        name = block(file_block)[4:-1]
        assert block(file_block)[-1] == 0 and b"/" not in name
        assert last is None or last < (parent, name), "sorted by parent and name"
        last = (parent, name)
        known[path_id] = name.decode() if parent == 0 else known[parent] + "/" + name.decode()
        found[known[path_id]] = block(record_block)
    assert len(found) == count
    version, entries, one, cpu, _, total, _ = struct.unpack(">IIIIIII", block(NAMES["BomInfo"]))
    assert (version, entries, one, cpu) == (1, count + 1, 1, 0)
    return found, total


def compare(path, record):
    kind, one, _, mode, uid, gid, time, size, _, checksum = struct.unpack(">BBHHIIIIBI", record[:27])
    there = os.lstat(os.path.join(ROOT, path))
    assert one == 1 and (uid, gid) == (0, 0) and stat.S_IFMT(mode) == KINDS[kind] == stat.S_IFMT(there.st_mode), path
    # A link has no mode of its own on Linux, and the root was there before the payload.
    assert kind == 3 or path == "." or (mode, time) == (there.st_mode, int(there.st_mtime)), path
    assert len(record) == {1: 35, 2: 31, 3: 40 + size}[kind]
    if kind == 2:
        return 0
    assert size == there.st_size, path
    if kind == 3:
        target = os.readlink(os.path.join(ROOT, path)).encode()
        assert record[27:] == struct.pack(">I", len(target) + 1) + target + bytes(9)
    return size


def checksums(files):
    """What the program cksum says of them."""
    found = []
    for at in range(0, len(files), FILES_AT_ONCE):
        group = [os.path.join(ROOT, path) for path in files[at : at + FILES_AT_ONCE]]
        lines = subprocess.run(["cksum", *group], capture_output=True, check=True, text=True).stdout.splitlines()
        found += [int(line.split()[0]) for line in lines]
    return found


def main():
    found, total = paths()
    assert total == sum(compare(path, record) for path, record in found.items())
    files = [path for path, record in found.items() if record[0] == 1]
    told = [struct.unpack(">I", found[path][23:27])[0] for path in files]
    assert told == checksums(files)
    there = {"."}
    for folder, folders, names_here in os.walk(ROOT):
        there |= {os.path.join(".", os.path.relpath(os.path.join(folder, name), ROOT)) for name in folders + names_here}
    assert set(found) == there, set(found) ^ there
    json.dump({"paths": len(found), "bytes": total}, sys.stdout)


main()
