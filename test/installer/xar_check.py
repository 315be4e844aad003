"""Reads a xar as docs/package-format.md says, checks every sum, and prints what is in it as JSON."""

import hashlib
import json
import struct
import sys
import xml.etree.ElementTree as xml
import zlib

STYLES = {1: "sha1", 3: "sha256", 4: "sha512"}
XAR = open(sys.argv[1], "rb").read()


def number(element, path):
    return int(element.findtext(path))


def place(element):
    return number(element, "offset"), number(element, "size")


def member(element, heap, folder=""):
    """A path to its facts, for this member and all in it."""
    path = folder + element.findtext("name")
    if element.findtext("type") == "directory":
        found = {path: {"mode": element.findtext("mode")}}
        for inner in element.findall("file"):
            found.update(member(inner, heap, path + "/"))
        return found
    data = element.find("data")
    offset, length, size = (number(data, name) for name in ("offset", "length", "size"))
    stored = heap[offset : offset + length]
    encoding = data.find("encoding").get("style")
    content = zlib.decompress(stored) if encoding == "application/x-gzip" else stored
    assert len(stored) == length and len(content) == size, path
    for name, part in (("archived-checksum", stored), ("extracted-checksum", content)):
        told = data.find(name)
        assert hashlib.new(told.get("style"), part).hexdigest() == told.text, (path, name)
    return {path: {"mode": element.findtext("mode"), "offset": offset, "end": offset + length, "encoding": encoding}}


def main():
    magic, head, version, packed, size, style = struct.unpack(">4sHHQQI", XAR[:28])
    assert (magic, head, version) == (b"xar!", 28, 1)
    table = XAR[head : head + packed]
    text = zlib.decompress(table)
    assert len(text) == size
    heap = XAR[head + packed :]
    toc = xml.fromstring(text).find("toc")
    checksum = toc.find("checksum")
    assert checksum.get("style") == STYLES[style]
    at, length = place(checksum)
    digest = hashlib.new(STYLES[style], table).digest()
    assert heap[at : at + length] == digest
    ids = [int(each.get("id")) for each in toc.iter("file")]
    assert ids == list(range(1, len(ids) + 1))
    members = {}
    for each in toc.findall("file"):
        members.update(member(each, heap))
    for name, facts in members.items():
        if "end" in facts:
            at = max(at, facts["end"])
    signatures = {}
    for element in [*toc.findall("signature"), *toc.findall("x-signature")]:
        begin, length = place(element)
        chain = [each.text for each in element.iter("{http://www.w3.org/2000/09/xmldsig#}X509Certificate")]
        signatures[element.get("style")] = {
            "offset": begin,
            "bytes": heap[begin : begin + length].hex(),
            "chain": chain,
        }
    json.dump(
        {"digest": digest.hex(), "members": members, "signatures": signatures, "isWhole": at == len(heap)}, sys.stdout
    )


main()
