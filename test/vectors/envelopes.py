"""Envelopes of docs/protocol/rotation.md in another language, written from that document and RFC 9180 alone.

`python3 envelopes.py check` opens every one of envelopes.json; `make` prints the file anew. Needs the package cryptography.
"""

import sys

sys.dont_write_bytecode = True

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import hpke
from records import b64, canonical, unb64
from vectors import CLUSTER_ID, Person, run, seed

PREFIX = "atlas-fleet/envelope/2.0\n"
PURPOSES = ("cluster_secret", "join")
LOW_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ec" + "ff" * 30 + "7f",
    "ed" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "7f",
]


def info_text(purpose, cluster, epoch, node_id):
    return PREFIX + canonical({"purpose": purpose, "cluster": cluster, "epoch": epoch, "node_id": node_id})


def seal(person, plaintext, purpose, epoch, cluster=CLUSTER_ID):
    ephemeral = X25519PrivateKey.from_private_bytes(seed(f"ephemeral {purpose} {person.node_id} {epoch}"))
    info = info_text(purpose, cluster, epoch, person.node_id).encode()
    enc, ciphertext = hpke.seal(hpke.public(person.sealing), ephemeral, info, plaintext)
    return {"enc": b64(enc), "ciphertext": b64(ciphertext)}


def open_envelope(envelope, private, purpose, cluster, epoch, node_id):
    enc, ciphertext = unb64(envelope["enc"]), unb64(envelope["ciphertext"])
    if enc is None or len(enc) != 32 or ciphertext is None:
        return None
    return hpke.open_sealed(private, enc, ciphertext, info_text(purpose, cluster, epoch, node_id).encode())


def make():
    node = Person("server-01")
    secret = seed("a cluster secret")
    values = canonical({"cluster.cluster_secret": b64(secret), "cluster.enabled": True}).encode()
    place = {"cluster": CLUSTER_ID, "node_id": node.node_id}
    first = {"purpose": "cluster_secret", **place, "epoch": 7}
    second = {"purpose": "join", **place, "epoch": 8}
    return {
        "comment": "docs/protocol/rotation.md, Envelopes. Made by envelopes.py, which shares no code with the server. Private keys, ephemeral keys and points are hex, all else that is bytes base64; `info` is UTF-8 text.",
        "sealing_private": node.sealing_seed.hex(),
        "sealing_key": node.member["sealing_key"],
        "envelopes": [
            vector("a cluster secret", node, secret, first),
            vector("the credentials of a joiner", node, values, second),
            vector("nothing", node, b"", {**first, "epoch": 0}),
        ],
        "refused": list(refused(node, secret, first)),
        "low_order": LOW_ORDER,
    }


def vector(title, node, plaintext, about):
    envelope = seal(node, plaintext, about["purpose"], about["epoch"])
    ephemeral = seed(f"ephemeral {about['purpose']} {node.node_id} {about['epoch']}").hex()
    return {
        "title": title,
        **about,
        "ephemeral_private": ephemeral,
        "info": info_text(**about),
        "plaintext": b64(plaintext),
        "envelope": envelope,
    }


def refused(node, secret, about):
    good = seal(node, secret, about["purpose"], about["epoch"])
    sealed = unb64(good["ciphertext"])
    case = lambda title, envelope=good, **change: {"title": title, **about, **change, "envelope": envelope}
    yield case("for another purpose", purpose="join")
    yield case("in another cluster", cluster="ffeeddccbbaa99887766554433221100")
    yield case("in another step", epoch=8)
    yield case("for another node", node_id="server-02")
    yield case("sealed to another key", seal(Person("server-02"), secret, "cluster_secret", 7))
    yield case("a bit of the ciphertext", {**good, "ciphertext": b64(bytes([sealed[0] ^ 1]) + sealed[1:])})
    yield case("a bit of the tag", {**good, "ciphertext": b64(sealed[:-1] + bytes([sealed[-1] ^ 1]))})
    yield case("without its last byte", {**good, "ciphertext": b64(sealed[:-1])})
    yield case("without its tag", {**good, "ciphertext": b64(sealed[:-16])})
    yield case("of no bytes", {**good, "ciphertext": ""})
    yield case("a key without its padding", {**good, "enc": good["enc"].rstrip("=")})
    yield case("a key of 31 bytes", {**good, "enc": b64(unb64(good["enc"])[:-1])})
    yield case("a key of low order", {**good, "enc": b64(bytes(32))})


def check(file):
    if not hpke.is_right():
        yield "RFC 9180, A.1.1"
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(file["sealing_private"]))
    about = ("purpose", "cluster", "epoch", "node_id")
    for each in file["envelopes"]:
        place = {name: each[name] for name in about}
        if info_text(**place) != each["info"]:
            yield f"{each['title']}: info"
        if open_envelope(each["envelope"], private, **place) != unb64(each["plaintext"]):
            yield each["title"]
    for each in file["refused"]:
        if open_envelope(each["envelope"], private, **{name: each[name] for name in about}) is not None:
            yield each["title"]


if __name__ == "__main__":
    run(__file__, make, check)
